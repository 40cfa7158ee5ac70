/** HELLO, AUTH, READY: the way through, and every way out of it that ends with a code. */
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { memoryCarrierPair } from '../../../src/engine/carrier/memory.ts';
import type { PeerIdentity } from '../../../src/engine/link/authenticator.ts';
import {
  encodeHandshake,
  Handshake,
  type HandshakeEvents,
  PROTOCOL_VERSION,
} from '../../../src/engine/link/handshake.ts';
import { encodeConnect, parseFrame } from '../../../src/engine/protocol/frame.ts';
import { ByeSchema, ReadySchema } from '../../../src/engine/protocol/generated/session_pb.ts';
import { ERRORS, portholeError, type ErrorCode } from '../../../src/shared/errors.ts';
import { FAREWELL_MS, HANDSHAKE_TIMEOUT_MS } from '../../../src/shared/limits.ts';
import { seededRandom } from '../../../src/shared/random.ts';
import { HANDSHAKE, resume } from '../../support/attack.ts';
import { FakeAuthenticator } from '../../support/fake-authenticator.ts';
import { FakeDialer } from '../../support/fake-dialer.ts';
import { FakeLocal } from '../../support/fake-local.ts';
import { linkPair, linkSide } from '../../support/link-pair.ts';
import { promisesSettled } from '../../support/pairing-sides.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const SHARE = Uint8Array.of(1);

/** Says what it is told to say of any peer. */
class JudgingAuthenticator extends FakeAuthenticator {
  readonly #verdict: () => never;

  constructor(deviceId: string, verdict: () => never) {
    super(deviceId);
    this.#verdict = verdict;
  }

  override check(): PeerIdentity {
    return this.#verdict();
  }
}

function failInside(): never {
  throw new TypeError('secret detail');
}

function eventsInto(sent: Uint8Array[]): HandshakeEvents {
  return {
    send: (message) => sent.push(message),
    onConfirming: () => undefined,
    onReady: () => undefined,
    onFailed: (error) => {
      throw error;
    },
  };
}

function world(options: Partial<Parameters<typeof linkPair>[0]> = {}) {
  const clock = new VirtualClock();
  const pair = linkPair({ clock, random: seededRandom(3), ...options });
  return { clock, first: pair.sides[0], second: pair.sides[1], sever: pair.sever };
}

describe('the handshake', () => {
  it('goes through its states in any order of arrival', () => {
    const sent: [Uint8Array[], Uint8Array[]] = [[], []];
    const [a, b] = [
      new Handshake(new FakeAuthenticator('a'), eventsInto(sent[0])),
      new Handshake(new FakeAuthenticator('b'), eventsInto(sent[1])),
    ];
    a.start();
    b.start();
    expect([a.state, a.peer]).toEqual(['greeting', undefined]);
    b.onFrame(parseFrame(sent[0][0] as Uint8Array));
    expect(b.state).toBe('proving');
    // AUTH overtakes HELLO, both come twice.
    for (const message of [sent[1][1], sent[1][1], sent[1][0], sent[1][0]])
      a.onFrame(parseFrame(message as Uint8Array));
    expect([a.state, a.peer?.deviceId]).toEqual(['waiting', 'b']);
    b.onFrame(parseFrame(sent[0][2] as Uint8Array));
    b.onFrame(parseFrame(sent[0][1] as Uint8Array));
    expect(b.state).toBe('ready');
    a.onFrame(parseFrame(sent[1][2] as Uint8Array));
    expect(a.state).toBe('ready');
    expect(sent.map((messages) => messages.length)).toEqual([3, 3]);
  });

  it.each([
    [0, 5],
    [5, 5],
    [1, 200],
  ] as const)('makes a link over a carrier with %i to %i ms', (least, largest) => {
    const { clock, first, second } = world({
      faults: { delayMs: [least, largest] },
      duplicates: 0.5,
    });
    clock.advance(1500);
    expect([first.log.ready, second.log.ready]).toEqual([1, 1]);
    first.link.close();
    clock.runUntilIdle(5000);
    expect(first.log.endings).toEqual([undefined]);
    expect(second.log.endings).toEqual([expect.objectContaining({ code: 'E_LINK_LOST' })]);
  });

  it('of two versions ends both with E_VERSION', async () => {
    const { clock, first, second } = world({
      authenticators: [
        new FakeAuthenticator('a'),
        new FakeAuthenticator('b', PROTOCOL_VERSION + 1),
      ],
    });
    clock.runUntilIdle(5000);
    await promisesSettled();
    // The newer side is played by this code, so each finds the other's number wrong.
    expect(first.log.endings).toEqual([expect.objectContaining({ code: 'E_VERSION' })]);
    expect(first.log.endings[0]?.message).toContain(`${PROTOCOL_VERSION + 1}`);
    expect(second.log.endings).toEqual([expect.objectContaining({ code: 'E_VERSION' })]);
    expect([first.log.ready, second.log.ready]).toEqual([0, 0]);
  });

  it('of two versions ends with E_VERSION where the BYE overtakes the HELLO', async () => {
    const clock = new VirtualClock();
    const { ends } = memoryCarrierPair({ clock, random: seededRandom(1) });
    ends[1].start({
      onMessage: () => undefined,
      onDrained: () => undefined,
      onClosed: () => undefined,
    });
    const authenticator = new FakeAuthenticator('a');
    const { log } = linkSide({ carrier: ends[0], clock, authenticator });
    const { wire } = ERRORS.E_VERSION;
    ends[1].send(encodeHandshake({ case: 'bye', value: create(ByeSchema, { reason: wire }) }));
    clock.runUntilIdle(1000);
    await promisesSettled();
    expect(log.endings).toEqual([expect.objectContaining({ code: 'E_VERSION' })]);
    expect(log.endings[0]?.message).toMatch(/version other than 1, this one 1\./);
  });

  it.each(['E_IDENTITY', 'E_INVITE_CANCELLED', 'E_INVITE_USED'] as const)(
    'that fails with %s tells the peer so',
    async (code) => {
      const refuse = (): never => {
        throw portholeError(code);
      };
      const { clock, first, second } = world({
        authenticators: [new JudgingAuthenticator('a', refuse), new FakeAuthenticator('b')],
      });
      clock.runUntilIdle(5000);
      await promisesSettled();
      for (const { log } of [first, second]) {
        expect(log.endings).toEqual([expect.objectContaining({ code })]);
        expect(log.ready).toBe(0);
      }
    },
  );

  it('that fails inside is E_INTERNAL here, and says nothing of it there', async () => {
    const { clock, first, second } = world({
      authenticators: [new JudgingAuthenticator('a', failInside), new FakeAuthenticator('b')],
    });
    clock.runUntilIdle(5000);
    await promisesSettled();
    expect(first.log.endings).toEqual([expect.objectContaining({ code: 'E_INTERNAL' })]);
    expect(second.log.endings).toEqual([expect.objectContaining({ code: 'E_UNREACHABLE' })]);
    expect(second.log.endings[0]?.message).not.toContain('secret');
  });

  it('that nobody answers ends with E_UNREACHABLE in time', async () => {
    const clock = new VirtualClock();
    const { ends } = memoryCarrierPair({ clock, random: seededRandom(1) });
    ends[1].start({
      onMessage: () => undefined,
      onDrained: () => undefined,
      onClosed: () => undefined,
    });
    const { log } = linkSide({
      carrier: ends[0],
      clock,
      authenticator: new FakeAuthenticator('a'),
    });
    clock.advance(HANDSHAKE_TIMEOUT_MS - 1);
    await promisesSettled();
    expect(log.endings).toEqual([]);
    clock.advance(1);
    await promisesSettled();
    expect(log.endings).toEqual([expect.objectContaining({ code: 'E_UNREACHABLE' })]);
    clock.runUntilIdle();
    await promisesSettled();
  });

  it('whose carrier goes is E_UNREACHABLE', async () => {
    const { clock, first, second, sever } = world({ faults: { delayMs: [50, 50] } });
    clock.advance(60);
    sever();
    clock.runUntilIdle();
    await promisesSettled();
    for (const { log } of [first, second]) {
      expect(log.endings).toEqual([expect.objectContaining({ code: 'E_UNREACHABLE' })]);
    }
  });

  it('lets frames overtake READY and RESUME, and acts on them after both', () => {
    const clock = new VirtualClock();
    const { ends } = memoryCarrierPair({ clock, random: seededRandom(1) });
    ends[1].start({
      onMessage: () => undefined,
      onDrained: () => undefined,
      onClosed: () => undefined,
    });
    const target = new FakeLocal({ clock });
    const dialer = new FakeDialer(clock, () => ({ kind: 'connected', local: target }));
    const { log } = linkSide({
      carrier: ends[0],
      clock,
      authenticator: new FakeAuthenticator('z'),
      dialer,
    });
    const peer = new FakeAuthenticator('b');
    ends[1].send(encodeHandshake({ case: 'hello', value: peer.hello() }, 0));
    ends[1].send(encodeHandshake({ case: 'auth', value: peer.prove(peer.hello()) }, 1));
    ends[1].send(encodeConnect(2, { shareId: SHARE, credit: 1000 }));
    clock.advance(100);
    expect([log.ready, dialer.asked]).toEqual([0, 0]);
    ends[1].send(encodeHandshake({ case: 'ready', value: create(ReadySchema) }, 2));
    clock.advance(100);
    expect([log.ready, dialer.asked]).toEqual([0, 0]);
    ends[1].send(resume('begins'));
    clock.advance(100);
    expect([log.ready, dialer.asked, target.started]).toEqual([1, 1, true]);
  });
});

describe('the end of a link', () => {
  const reasons: readonly (readonly [reason: number, code: ErrorCode])[] = [
    [0, 'E_LINK_LOST'],
    [ERRORS.E_PROTOCOL.wire, 'E_LINK_LOST'],
    [ERRORS.E_INTERNAL.wire, 'E_LINK_LOST'],
    [65_000, 'E_LINK_LOST'],
    [ERRORS.E_IDENTITY.wire, 'E_IDENTITY'],

    [ERRORS.E_INVITE_USED.wire, 'E_INVITE_USED'],
    [ERRORS.E_INVITE_EXPIRED.wire, 'E_INVITE_EXPIRED'],
    [ERRORS.E_INVITE_CANCELLED.wire, 'E_INVITE_CANCELLED'],
    [ERRORS.E_VERSION.wire, 'E_VERSION'],
    [ERRORS.E_REMOVED.wire, 'E_REMOVED'],
    [ERRORS.E_DIGITS_DIFFER.wire, 'E_DIGITS_DIFFER'],
    [ERRORS.E_CONFIRM_TIMEOUT.wire, 'E_CONFIRM_TIMEOUT'],
    [ERRORS.E_CONFIRM_INPUT.wire, 'E_CONFIRM_INPUT'],
  ];

  it.each(reasons)('by BYE %i is %s', (reason, code) => {
    const clock = new VirtualClock();
    const { ends } = memoryCarrierPair({ clock, random: seededRandom(1) });
    ends[1].start({
      onMessage: () => undefined,
      onDrained: () => undefined,
      onClosed: () => undefined,
    });
    const { log } = linkSide({
      carrier: ends[0],
      clock,
      authenticator: new FakeAuthenticator('a'),
    });
    const peer = new FakeAuthenticator('b');
    ends[1].send(encodeHandshake({ case: 'hello', value: peer.hello() }, 0));
    ends[1].send(encodeHandshake({ case: 'auth', value: peer.prove(peer.hello()) }, 1));
    ends[1].send(encodeHandshake({ case: 'ready', value: create(ReadySchema) }, 2));
    ends[1].send(resume('asks'));
    clock.advance(10);
    expect(log.ready).toBe(1);
    ends[1].send(encodeHandshake({ case: 'bye', value: create(ByeSchema, { reason }) }));
    clock.runUntilIdle(1000);
    expect(log.endings).toEqual([expect.objectContaining({ code })]);
    expect(log.endings[0]?.message).not.toMatch(/[{}]/);
  });

  it('is told with the code that close() is given', () => {
    const { clock, first, second } = world();
    clock.advance(100);
    first.link.close('E_REMOVED');
    clock.runUntilIdle(5000);
    expect(first.log.endings).toEqual([undefined]);
    expect(second.log.endings).toEqual([expect.objectContaining({ code: 'E_REMOVED' })]);
    expect(second.log.endings[0]?.message).toMatch(/removed from a\./);
  });

  it('by E_REMOVED from somebody who is nobody yet means nothing', async () => {
    const clock = new VirtualClock();
    const { ends } = memoryCarrierPair({ clock, random: seededRandom(1) });
    ends[1].start({
      onMessage: () => undefined,
      onDrained: () => undefined,
      onClosed: () => undefined,
    });
    const { log } = linkSide({
      carrier: ends[0],
      clock,
      authenticator: new FakeAuthenticator('a'),
    });
    const hello = new FakeAuthenticator('b').hello();
    ends[1].send(encodeHandshake({ case: 'hello', value: hello }, 0));
    const { wire } = ERRORS.E_REMOVED;
    ends[1].send(encodeHandshake({ case: 'bye', value: create(ByeSchema, { reason: wire }) }));
    clock.runUntilIdle(1000);
    await promisesSettled();
    expect(log.endings).toEqual([expect.objectContaining({ code: 'E_UNREACHABLE' })]);
  });

  it('is told at once, and waits for the farewell of a peer that does not answer, no longer', async () => {
    const clock = new VirtualClock();
    const { ends } = memoryCarrierPair({ clock, random: seededRandom(1) });
    let closedAt = Number.POSITIVE_INFINITY;
    ends[1].start({
      onMessage: () => undefined,
      onDrained: () => undefined,
      onClosed: () => (closedAt = clock.now()),
    });
    const authenticator = new FakeAuthenticator('b');
    const { link, log } = linkSide({ carrier: ends[0], clock, authenticator });
    let hasEnded = false;
    void link.lane.ended.then(() => (hasEnded = true));
    for (const message of HANDSHAKE) ends[1].send(message);
    clock.advance(100);
    expect(log.ready).toBe(1);
    link.close();
    link.close();
    expect(log.endings).toEqual([undefined]);
    const before = clock.now();
    clock.advance(FAREWELL_MS - 1);
    await promisesSettled();
    expect([closedAt, hasEnded]).toEqual([Number.POSITIVE_INFINITY, false]);
    clock.runUntilIdle(5000);
    await promisesSettled();
    expect([closedAt, hasEnded]).toEqual([before + FAREWELL_MS, true]);
    expect(log.endings).toEqual([undefined]);
  });

  it('resets what is open on both sides, and what is opened after it', () => {
    const clock = new VirtualClock();
    const targets: FakeLocal[] = [];
    const dialer = new FakeDialer(clock, () => {
      const local = new FakeLocal({ clock });
      targets.push(local);
      return { kind: 'connected', local };
    });
    const { sides } = linkPair({ clock, random: seededRandom(3), dialers: [dialer, dialer] });
    clock.advance(100);
    const app = new FakeLocal({ clock });
    sides[0].link.openSocket(SHARE, app);
    clock.advance(100);
    expect([sides[0].link.liveSockets, sides[1].link.liveSockets]).toEqual([1, 1]);
    sides[1].link.close();
    expect(sides[1].link.hasRoom).toBe(false);
    const late = new FakeLocal({ clock });
    clock.runUntilIdle(5000);
    sides[0].link.openSocket(SHARE, late);
    clock.runUntilIdle(5000);
    expect([app.seen, targets[0]?.seen, late.seen]).toEqual(['reset', 'reset', 'reset']);
    expect(clock.pendingTimers).toBe(0);
  });
});
