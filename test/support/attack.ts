/** A link as a victim, and the bare end of its carrier for whoever attacks it; frames to do it with. */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { memoryCarrierPair } from '../../src/engine/carrier/memory.ts';
import { encodeHandshake, parseHandshake } from '../../src/engine/link/handshake.ts';
import {
  encodeClose,
  encodeConnect,
  encodeFrame,
  FRAME,
  parseFrame,
} from '../../src/engine/protocol/frame.ts';
import {
  ControlSchema,
  ReadySchema,
  ResumeSchema,
} from '../../src/engine/protocol/generated/session_pb.ts';
import type { ErrorCode } from '../../src/shared/errors.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { FakeAuthenticator } from './fake-authenticator.ts';
import { FakeDialer, type DialAnswer } from './fake-dialer.ts';
import { FakeLocal } from './fake-local.ts';
import { linkSide, type LinkSide } from './link-pair.ts';
import { VirtualClock } from './virtual-clock.ts';

export const NOTHING = new Uint8Array(0);
const SHARE = Uint8Array.of(7, 7, 7);

/** A victim: a link as it is, and the bare carrier end of whoever attacks it. */
export class Attack {
  readonly clock: VirtualClock;
  readonly victim: LinkSide;
  readonly dialer: FakeDialer;
  readonly targets: FakeLocal[] = [];
  /** What the victim sent. */
  readonly heard: Uint8Array[] = [];
  readonly peer: Carrier;
  closedAt: number | undefined;
  /** The victim said that it ends the link. */
  told = false;

  constructor(options: { clock?: VirtualClock; answer?: () => DialAnswer; keep?: boolean } = {}) {
    this.clock = options.clock ?? new VirtualClock();
    const [carrier, peer] = memoryCarrierPair({ clock: this.clock, random: seededRandom(1) }).ends;
    this.peer = peer;
    this.dialer = new FakeDialer(this.clock, options.answer ?? (() => this.#connected()));
    this.victim = linkSide({
      carrier,
      clock: this.clock,
      authenticator: new FakeAuthenticator('victim'),
      dialer: this.dialer,
    });
    peer.start({
      onMessage: (message) => {
        if (message[0] === FRAME.HANDSHAKE) this.told ||= isBye(message);
        if (options.keep !== false) this.heard.push(message);
      },
      onDrained: () => undefined,
      onClosed: () => (this.closedAt = this.clock.now()),
    });
  }

  get code(): ErrorCode | 'none' {
    return this.victim.log.endings[0]?.code ?? 'none';
  }

  /** HELLO, AUTH, READY, RESUME; its device id is smaller, so it decides of the session, and its sockets are even. */
  authenticate(): this {
    for (const message of HANDSHAKE) this.peer.send(message);
    this.clock.advance(10);
    return this;
  }

  send(...messages: Uint8Array[]): this {
    for (const message of messages) this.peer.send(message);
    this.clock.advance(10);
    return this;
  }

  /** How often the victim said that it ends the link. */
  get byes(): number {
    return this.heard.filter((message) => message[0] === FRAME.HANDSHAKE && isBye(message)).length;
  }

  #connected(): DialAnswer {
    const local = new FakeLocal({ clock: this.clock, record: 'count' });
    this.targets.push(local);
    return { kind: 'connected', local, afterMs: 1 };
  }
}

function isBye(message: Uint8Array): boolean {
  return parseHandshake(parseFrame(message)).case === 'bye';
}

export const HELLO = new FakeAuthenticator('attacker').hello();
export const AUTH = new FakeAuthenticator('attacker').prove(HELLO);
/**
 * RESUME of a device that has no session: it asks for one, where the other side decides, or has just
 * begun one, where it decides itself.
 */
export function resume(
  kind: 'asks' | 'begins',
  change: MessageInitShape<typeof ResumeSchema> = {},
) {
  const instance = new Uint8Array(8).fill(1);
  const session = kind === 'asks' ? NOTHING : new Uint8Array(12).fill(1);
  const answer = kind === 'begins';
  const about = { number: 1, parts: 1, answer, instance, session, holdMs: 60_000 };
  return encodeHandshake({ case: 'resume', value: create(ResumeSchema, { ...about, ...change }) });
}

/** What RESUME says of a socket. */
export function socketState(id: number, nextSeq: number, credit: bigint): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(id, 0);
  bytes.writeUInt32BE(nextSeq, 4);
  bytes.writeBigUInt64BE(credit, 8);
  return bytes;
}

/** All it takes to have a session with `victim`, whose id is larger. */
export const HANDSHAKE = [
  encodeHandshake({ case: 'hello', value: HELLO }, 0),
  encodeHandshake({ case: 'auth', value: AUTH }, 1),
  encodeHandshake({ case: 'ready', value: create(ReadySchema) }, 2),
  resume('begins'),
];

export function data(socketId: number, seq: number, bytes = 100): Uint8Array {
  return encodeFrame({ type: FRAME.DATA, socketId, seq, payload: new Uint8Array(bytes) });
}

export function connect(socketId: number, credit = 65_536): Uint8Array {
  return encodeConnect(socketId, { shareId: SHARE, credit });
}

export function control(
  seq: number,
  payload = toBinary(ControlSchema, create(ControlSchema)),
): Uint8Array {
  return encodeFrame({ type: FRAME.CONTROL, socketId: 0, seq, payload });
}

export function closeAtOnce(socketId: number): Uint8Array {
  return encodeClose(socketId, 1, { reason: 2001, order: 'at-once', text: '' });
}
