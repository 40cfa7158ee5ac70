/**
 * Row 15 of the threat table, beside the frames of a link (test/simulation/hostile-peer.test.ts):
 * everything else that reads what strangers wrote. Garbled input is refused with an error of ours or
 * `undefined`; what was written is read back the same.
 *
 *   PARSER_INPUTS=1000000 npx vitest run test/threats/row-15-parsers.test.ts   more for each parser
 *   TEST_SEED=17 …                                                            the same again
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { parseMessage, ReplySchema, RequestSchema } from '../../src/shared/calls/messages.ts';
import { TokenSchema } from '../../src/control/wire.ts';
import { encodeHandshake, parseHandshake } from '../../src/engine/link/handshake.ts';
import { readReach, writeReach } from '../../src/engine/link/reach.ts';
import { encodeClaim, parseClaim } from '../../src/engine/pairing/claim-messages.ts';
import { packDescription, unpackDescription } from '../../src/engine/pairing/description.ts';
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import {
  createInvite,
  encodeCode,
  encodeInvite,
  parseCode,
} from '../../src/engine/pairing/invite.ts';
import { derivePairingKeys } from '../../src/engine/pairing/keys.ts';
import { encodeAnswer, parseAnswer } from '../../src/engine/pairing/offline-answer.ts';
import { SaltMemory, SealedConversation } from '../../src/engine/pairing/sealing.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import {
  encodeArrived,
  encodeClose,
  encodeConnect,
  encodeCredit,
  encodeFrame,
  parseClose,
  parseConnect,
  parseFrame,
  parseOffset,
} from '../../src/engine/protocol/frame.ts';
import {
  AuthSchema,
  ConfirmSchema,
  ControlSchema,
  HelloSchema,
  ReachSchema,
} from '../../src/engine/protocol/generated/session_pb.ts';
import {
  encodeSignalingMessage,
  parseSignalingMessage,
} from '../../src/engine/signaling/envelope.ts';
import {
  encodeHostFrame,
  type HostFrame,
  parseHostFrame,
} from '../../src/engine/signaling/host-frame.ts';
import { parseRendezvousUrl } from '../../src/engine/signaling/rendezvous-url.ts';
import { PortholeError } from '../../src/shared/errors.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { parseTarget } from '../../src/shared/target.ts';
import { describing, NOW, offlineCode } from '../support/offline-codes.ts';
import { runSeed } from '../support/seeded-bytes.ts';

const INPUTS = Number(process.env['PARSER_INPUTS'] ?? 5000);
const INPUT_BYTES_MAX = 70_000;

const secret = new Secret(new Uint8Array(16).fill(7));
const keys = derivePairingKeys(secret);
const { publicKey } = createIdentity(new Uint8Array(32).fill(1));
const code = offlineCode();
const invite = createInvite({
  publicKey,
  nowMs: NOW,
  name: 'desk',
  endpoints: [
    { host: '192.0.2.1', port: 1234 },
    { host: '2001:db8::1', port: 1234 },
    { scheme: 'wss', host: 'rendezvous.example.org', port: 443 },
  ],
  trust: 'compare',
});
const hello = create(HelloSchema, {
  version: 1,
  role: 1,
  publicKey,
  nonce: new Uint8Array(32),
  name: 'desk',
  capabilities: ['trust-invite'],
});
const reach = {
  endpoints: [{ host: '192.0.2.1', port: 1, scheme: 'ws' as const }],
  rendezvous: ['wss://rendezvous.example.org'],
  name: 'desk',
};

interface Parser {
  /** What it reads when all is well. */
  readonly valid: readonly (Uint8Array | string)[];
  /** Only one of bytes or text comes, as in `valid`. */
  parse(input: never): unknown;
}

const envelope = () =>
  new SealedConversation({ keys, role: 'joiner' }).seal(encodeClaim({ publicKey, name: 'x' }));

const PARSERS: Readonly<Record<string, Parser>> = {
  'an invite link': {
    valid: [encodeInvite(invite), encodeCode(code)],
    parse: (text: string) => parseCode(text, NOW),
  },
  'an answer': {
    valid: [
      encodeAnswer({ code, claimant: { publicKey, name: 'x' }, description: describing('answer') }),
    ],
    parse: (text: string) => parseAnswer(text, code),
  },
  'a session description': {
    valid: [packDescription(describing('offer')), packDescription(describing('answer'))],
    parse: unpackDescription,
  },
  'a claim': { valid: [encodeClaim({ publicKey, name: 'laptop' })], parse: parseClaim },
  'a signaling message': {
    valid: [
      encodeSignalingMessage({ kind: 'envelope', envelope: envelope() }),
      encodeSignalingMessage({ kind: 'refusal', reason: 'used' }),
    ],
    parse: parseSignalingMessage,
  },
  'a sealed envelope': {
    valid: [encodeSignalingMessage({ kind: 'envelope', envelope: envelope() })],
    parse: (bytes: Uint8Array) => {
      const message = parseSignalingMessage(bytes);
      if (message?.kind !== 'envelope') return undefined;
      const receiver = new SealedConversation({ keys, role: 'sharer', salts: new SaltMemory() });
      return receiver.open(message.envelope);
    },
  },
  'a frame of a rendezvous host': {
    valid: [
      encodeHostFrame({ kind: 'opened', guest: 1 }),
      encodeHostFrame({ kind: 'message', guest: 2, data: Buffer.from('data') }),
      encodeHostFrame({ kind: 'message', guest: 2, data: '{"error":"used"}' }),
      encodeHostFrame({ kind: 'closed', guest: 3 }),
    ],
    parse: parseHostFrame,
  },
  'a frame': {
    valid: [
      encodeConnect(2, { shareId: new Uint8Array(16), credit: 65_536 }),
      encodeClose(2, 1, { reason: 2001, order: 'at-once', text: 'refused' }),
      encodeCredit(2, 3, 4),
      encodeArrived(99),
    ],
    parse: (bytes: Uint8Array) => {
      const { payload } = parseFrame(bytes);
      return [parseConnect, parseClose, parseOffset].map((parse) => attempt(() => parse(payload)));
    },
  },
  'a HANDSHAKE': {
    valid: [
      encodeHandshake({ case: 'hello', value: hello }, 0),
      encodeHandshake({ case: 'auth', value: create(AuthSchema, { mac: new Uint8Array(32) }) }, 1),
      encodeHandshake({ case: 'confirm', value: create(ConfirmSchema, { match: true }) }, 3),
    ],
    parse: (bytes: Uint8Array) => parseHandshake(parseFrame(bytes)),
  },
  'a Reach': {
    valid: [toBinary(ReachSchema, writeReach(reach))],
    // The link turns what protobuf throws into E_PROTOCOL.
    parse: (bytes: Uint8Array) => {
      const message = protobuf(() => fromBinary(ReachSchema, bytes));
      return message === undefined ? undefined : readReach(message);
    },
  },
  'a CONTROL': {
    valid: [toBinary(ControlSchema, create(ControlSchema))],
    parse: (bytes: Uint8Array) => protobuf(() => fromBinary(ControlSchema, bytes)),
  },
  'a line of the control socket': {
    valid: ['{"id":1,"call":"status","params":{}}', '{"token":"0123456789abcdefghijklmn"}'],
    parse: (text: string) =>
      [RequestSchema, ReplySchema, TokenSchema].map((schema) => parseMessage(schema, text)),
  },
  'the URL of a rendezvous server': {
    valid: ['wss://rendezvous.example.org', 'ws://[2001:db8::1]:8080/'],
    parse: parseRendezvousUrl,
  },
  'a target': { valid: ['localhost:8080', '[::1]:22', '3000'], parse: parseTarget },
};

function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch (thrown) {
    if (thrown instanceof PortholeError && thrown.code !== 'E_INTERNAL') return undefined;
    throw thrown;
  }
}

function protobuf<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Flips, cuts, stretches, joins and replaces; text stays text. */
class Garbler {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  garble(valid: readonly (Uint8Array | string)[]): Uint8Array | string {
    const sample = valid[this.#below(valid.length)] ?? '';
    let bytes: Buffer = Buffer.from(sample);
    for (let left = this.#below(4); left >= 0; left--) bytes = this.#once(bytes);
    return typeof sample === 'string' ? bytes.toString('utf8') : Uint8Array.from(bytes);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #noise(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#below(256)));
  }

  #once(bytes: Buffer): Buffer {
    const at = this.#below(bytes.length + 1);
    switch (this.#below(7)) {
      case 0:
        return bytes.subarray(0, at);
      case 1:
        return bytes.subarray(at);
      case 2:
        return Buffer.concat([
          bytes.subarray(0, at),
          this.#noise(1 + this.#below(8)),
          bytes.subarray(at),
        ]);
      case 3:
        return Buffer.concat([bytes, bytes.subarray(at)]);
      case 4:
        return this.#below(50) === 0
          ? Buffer.alloc(this.#below(INPUT_BYTES_MAX), this.#below(256))
          : this.#noise(this.#below(300));
      case 5:
        return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(4, 255), bytes.subarray(at + 4)]);
      default: {
        const changed = Buffer.from(bytes);
        if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << this.#below(8));
        return changed;
      }
    }
  }
}

function payloadOf(frame: HostFrame | undefined): number[] | undefined {
  return frame?.kind === 'message' ? [...Buffer.from(frame.data)] : undefined;
}

describe('row 15: what strangers write', () => {
  test.each(Object.entries(PARSERS))(
    `row 15: ${INPUTS} garbled inputs: %s is read or refused`,
    (name, parser) => {
      const { valid } = parser;
      for (const sample of valid)
        expect(attempt(() => parser.parse(sample as never))).toBeDefined();
      const seed = runSeed();
      const garbler = new Garbler(seededRandom(seed));
      let slowest = 0;
      for (let count = 0; count < INPUTS; count++) {
        const input = garbler.garble(valid);
        const startedAt = performance.now();
        try {
          attempt(() => parser.parse(input as never));
        } catch (cause) {
          const shown = Buffer.from(input).subarray(0, 200).toString('hex');
          throw new Error(`TEST_SEED=${seed}, input ${count} of ${name}: ${shown}`, { cause });
        }
        slowest = Math.max(slowest, performance.now() - startedAt);
      }
      // No input takes long; a pause of a busy machine may.
      expect(slowest).toBeLessThan(2000);
    },
    120_000,
  );

  test('row 15: what was written is read back the same', () => {
    const random = seededRandom(runSeed());
    const below = (limit: number): number => Math.floor(random() * limit);
    const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => below(256));
    for (let round = 0; round < 300; round++) {
      const frame = {
        type: below(256),
        socketId: below(2 ** 32),
        seq: below(2 ** 32),
        payload: noise(below(50)),
      };
      expect(parseFrame(encodeFrame(frame))).toEqual(frame);
      const connect = { shareId: noise(1 + below(64)), credit: below(2 ** 53) };
      expect(parseConnect(parseFrame(encodeConnect(2, connect)).payload)).toEqual(connect);
      const close = {
        reason: below(65_536),
        order: 'in-order',
        text: 'é'.repeat(below(99)),
      } as const;
      expect(parseClose(parseFrame(encodeClose(2, 1, close)).payload)).toEqual(close);
      const description = describing(below(2) === 0 ? 'offer' : 'answer');
      expect(unpackDescription(packDescription(description))).toEqual(description);
      const claim = { publicKey: noise(32), name: 'n'.repeat(below(65)) };
      expect(parseClaim(encodeClaim(claim))).toEqual({
        ...claim,
        publicKey: expect.anything() as unknown,
      });
      expect(Buffer.from(parseClaim(encodeClaim(claim))?.publicKey ?? [])).toEqual(
        Buffer.from(claim.publicKey),
      );
      const host = { kind: 'message', guest: below(2 ** 32), data: noise(below(50)) } as const;
      const passed = parseHostFrame(encodeHostFrame(host));
      expect(passed).toMatchObject({ kind: 'message', guest: host.guest });
      expect(payloadOf(passed)).toEqual([...host.data]);
      const made = { ...invite, publicKey: noise(32), secret: new Secret(noise(16)) };
      const read = parseCode(encodeInvite(made), NOW).invite;
      expect({ ...read, secret: 0, publicKey: 0 }).toEqual({
        ...made,
        secret: 0,
        publicKey: 0,
        endpoints: expect.anything() as unknown,
      });
      expect(read.endpoints).toMatchObject(
        made.endpoints.map(({ host: at, port }) => ({ host: at, port })),
      );
      expect(Buffer.from(read.secret.reveal())).toEqual(Buffer.from(made.secret.reveal()));
    }
  });
});
