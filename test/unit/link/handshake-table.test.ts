/** Every state of the handshake against every message, in both modes and both roles. */
import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  encodeHandshake,
  type HandshakeState,
  UNORDERED_SEQ,
} from '../../../src/engine/link/handshake.ts';
import type { AuthRole } from '../../../src/engine/pairing/authentication.ts';
import type { ChannelMode } from '../../../src/engine/pairing/channel-authenticator.ts';
import { encodeConnect, encodeFrame, FRAME } from '../../../src/engine/protocol/frame.ts';
import {
  AuthSchema,
  ByeSchema,
  ConfirmSchema,
  HandshakeSchema,
  HelloSchema,
  PingSchema,
  PongSchema,
  ReadySchema,
} from '../../../src/engine/protocol/generated/session_pb.ts';
import { HandshakeScene, STATES } from '../../support/handshake-scene.ts';

const ORDERED = {
  hello: create(HandshakeSchema, { kind: { case: 'hello', value: create(HelloSchema) } }),
  auth: create(HandshakeSchema, { kind: { case: 'auth', value: create(AuthSchema) } }),
  ready: create(HandshakeSchema, { kind: { case: 'ready', value: create(ReadySchema) } }),
  confirm: create(HandshakeSchema, { kind: { case: 'confirm', value: create(ConfirmSchema) } }),
} as const;
type OrderedCase = keyof typeof ORDERED;

/** What each state waits for. */
const AWAITED: Partial<Record<HandshakeState, OrderedCase>> = {
  greeting: 'hello',
  proving: 'auth',
  waiting: 'ready',
  confirming: 'confirm',
};

const PING = encodeHandshake({ case: 'ping', value: create(PingSchema, { id: 5 }) });
const PONG = encodeHandshake({ case: 'pong', value: create(PongSchema, { id: 5 }) });
const BYE = encodeHandshake({ case: 'bye', value: create(ByeSchema) });

/** With an id of the peer's parity. */
function connectTo({ side, peerSide }: HandshakeScene): Uint8Array {
  const id = side.identity.deviceId > peerSide.identity.deviceId ? 2 : 1;
  return encodeConnect(id, { shareId: Uint8Array.of(1), credit: 1000 });
}

/** A message of a later version: field 99. */
function unknown(seq: number): Uint8Array {
  const payload = Uint8Array.of(0x9a, 0x06, 0x01, 0x00);
  return encodeFrame({ type: FRAME.HANDSHAKE, socketId: 0, seq, payload });
}

function ordered(message: OrderedCase, seq: number): Uint8Array {
  const payload = toBinary(HandshakeSchema, ORDERED[message]);
  return encodeFrame({ type: FRAME.HANDSHAKE, socketId: 0, seq, payload });
}

type Row = readonly [ChannelMode['kind'], AuthRole, HandshakeState];
const ROWS: Row[] = (['pair', 'peer'] as const).flatMap((kind) =>
  (['offerer', 'answerer'] as const).flatMap((role) =>
    STATES[kind].map((state): Row => [kind, role, state]),
  ),
);

const isAuthenticated = (state: HandshakeState): boolean =>
  state !== 'greeting' && state !== 'proving';

describe.each(ROWS)('mode %s, %s, state %s', (kind, role, state) => {
  const scene = (): Promise<HandshakeScene> => new HandshakeScene(role, kind).goTo(state);
  /** How many of the peer's ordered messages were taken: one in each state, none in `keeping`. */
  const nextSeq = Math.min(STATES[kind].indexOf(state), 4);

  it('is reached, and has shared nothing before it is ready', async () => {
    const { victim, side, code } = await scene();
    expect(code).toBe('none');
    expect(victim.log.ready).toBe(state === 'ready' ? 1 : 0);
    expect(side.proved).toHaveLength(isAuthenticated(state) ? 1 : 0);
    expect(side.paired).toHaveLength(kind === 'pair' && state === 'ready' ? 1 : 0);
  });

  const others = (Object.keys(ORDERED) as OrderedCase[]).filter(
    (message) => message !== AWAITED[state],
  );

  it.each(others)('%s is out of place', async (message) => {
    const world = await scene();
    await world.send(ordered(message, nextSeq));
    expect(world.code).toBe('E_PROTOCOL');
    expect(world.victim.log.ready).toBe(state === 'ready' ? 1 : 0);
  });

  it('what was taken before is passed over', async () => {
    const world = await scene();
    const messages = Object.keys(ORDERED) as OrderedCase[];
    await world.send(...messages.slice(0, nextSeq).map((message, seq) => ordered(message, seq)));
    expect(world.code).toBe('none');
  });

  it.each([
    ['PING', PING],
    ['PONG', PONG],
    ['an unknown message without order', unknown(UNORDERED_SEQ)],
  ])('%s is for authenticated peers', async (what, message) => {
    const world = await scene();
    await world.send(message);
    expect(world.code).toBe(isAuthenticated(state) ? 'none' : 'E_PROTOCOL');
    const pongs = world.heard.filter((heard) => heard.case === 'pong');
    expect(pongs).toHaveLength(what === 'PING' && isAuthenticated(state) ? 1 : 0);
  });

  it.each([0, 1, 2, 3, 4, 254, 256])('an unknown message at %i is none', async (seq) => {
    const world = await scene();
    await world.send(unknown(seq));
    expect(world.code).toBe('E_PROTOCOL');
  });

  it('BYE ends the link', async () => {
    const world = await scene();
    await world.send(BYE);
    const expected: Partial<Record<HandshakeState, string>> = {
      confirming: 'E_PAIRING_LOST',
      keeping: 'E_LINK_LOST',
      ready: 'E_LINK_LOST',
    };
    expect(world.code).toBe(expected[state] ?? 'E_UNREACHABLE');
    expect(world.side.questions.every(({ signal }) => signal.aborted)).toBe(true);
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe.each(ROWS.filter(([, , state]) => AWAITED[state] !== undefined))(
  'mode %s, %s, state %s',
  (kind, role, state) => {
    it('goes on with what it waits for', async () => {
      const world = await new HandshakeScene(role, kind).goTo(state);
      if (state === 'confirming') {
        world.peerSide.say(true);
        await world.send();
      }
      await world.passNext();
      expect(world.code).toBe('none');
      // It was taken, so the same number again is a duplicate.
      const seq = STATES[kind].indexOf(state);
      await world.send(ordered(AWAITED[state] as OrderedCase, seq));
      expect(world.code).toBe('none');
    });
  },
);

describe.each(ROWS)('a CONNECT in mode %s, %s, state %s', (kind, role, state) => {
  const code = isAuthenticated(state) ? 'none' : 'E_PROTOCOL';

  it('is held once the peer is authenticated, and out of place before', async () => {
    const world = await new HandshakeScene(role, kind).goTo(state);
    await world.send(connectTo(world));
    expect([world.code, world.dialer.asked]).toEqual([code, state === 'ready' ? 1 : 0]);
    if (isAuthenticated(state)) await world.goOn(state);
    expect([world.code, world.dialer.asked]).toEqual([code, isAuthenticated(state) ? 1 : 0]);
  });
});
