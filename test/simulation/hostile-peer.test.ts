/**
 * A peer that sends what it likes: seeded mutations of valid frames, against fresh links again and
 * again. Each link may only end with a code that says so; nothing crashes, hangs or piles up.
 *
 *   HOSTILE_FRAMES=20000000 npx vitest run test/simulation/hostile-peer.test.ts   more of them
 *   TEST_SEED=17 …                                                                the same again
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { create } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  encodeHandshake,
  PROTOCOL_VERSION,
  UNORDERED_SEQ,
} from '../../src/engine/link/handshake.ts';
import {
  encodeArrived,
  encodeConnect,
  encodeCredit,
  encodeFin,
  encodeFrame,
  FRAME,
} from '../../src/engine/protocol/frame.ts';
import {
  AuthSchema,
  ConfirmSchema,
  HelloSchema,
  PingSchema,
  PongSchema,
  ReadySchema,
} from '../../src/engine/protocol/generated/session_pb.ts';
import type { ErrorCode } from '../../src/shared/errors.ts';
import {
  BEFORE_READY_BYTES_MAX,
  CONTROL_BYTES_MAX,
  CONTROL_WAITING_MAX,
  EARLY_CREDIT_BYTES,
  FRAME_BYTES_MAX,
  HANDSHAKE_BYTES_MAX,
  HANDSHAKE_TIMEOUT_MS,
  RAPID_RESETS_PER_10_S_MAX,
  REFUSED_OPENS_PER_MINUTE_MAX,
  SKIPPED_IDS_MAX,
  UNACKED_FRAMES_MAX,
} from '../../src/shared/limits.ts';
import { seededRandom } from '../../src/shared/random.ts';
import {
  Attack,
  AUTH,
  closeAtOnce,
  connect,
  control,
  data,
  HANDSHAKE,
  HELLO,
  NOTHING,
} from '../support/attack.ts';
import type { DialAnswer } from '../support/fake-dialer.ts';
import { FakeLocal } from '../support/fake-local.ts';
import { Mutator } from '../support/mutator.ts';
import { runSeed } from '../support/seeded-bytes.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const FRAMES = Number(process.env['HOSTILE_FRAMES'] ?? 1_000_000);
/** What the heap may grow by from the first tenth of the run to its end. */
const HEAP_GROWTH_MAX = 16 * 1024 * 1024;
/** How a link may end here; E_INTERNAL is none of them. */
const ENDS_ALLOWED: readonly ErrorCode[] = [
  'E_PROTOCOL',
  'E_IDENTITY',
  'E_VERSION',
  'E_LINK_LOST',
  'E_UNREACHABLE',
  'E_REMOVED',
  'E_DIGITS_DIFFER',
  'E_CONFIRM_TIMEOUT',
  'E_CONFIRM_INPUT',
  'E_INVITE_USED',
  'E_INVITE_EXPIRED',
  'E_INVITE_CANCELLED',
];

/** Evil by construction: what is sent after the handshake, and the code it must end with. */
const CRIMES: readonly (readonly [name: string, messages: () => Uint8Array[], code: ErrorCode])[] =
  [
    [
      'more than the credit at once',
      () => [
        connect(2),
        data(2, 1, 60_000),
        data(2, 2, 60_000),
        data(2, 3, 60_000),
        data(2, 4, 60_000),
        data(2, 5, 60_000),
      ],
      'E_PROTOCOL',
    ],
    [
      'more than the early credit',
      () => [data(2, 1, EARLY_CREDIT_BYTES), data(2, 2, 1)],
      'E_PROTOCOL',
    ],
    ['an id of the wrong parity', () => [connect(1)], 'E_PROTOCOL'],
    ['socket id 0', () => [data(0, 0)], 'E_PROTOCOL'],
    [
      'an unknown type',
      () => [encodeFrame({ type: 0x42, socketId: 2, seq: 0, payload: NOTHING })],
      'E_PROTOCOL',
    ],
    ['type 0', () => [new Uint8Array(9)], 'E_PROTOCOL'],
    ['a frame of nothing', () => [NOTHING], 'E_PROTOCOL'],
    ['a truncated header', () => [connect(2).subarray(0, 8)], 'E_PROTOCOL'],
    ['a frame over 64 KiB', () => [connect(2), data(2, 1, FRAME_BYTES_MAX)], 'E_PROTOCOL'],
    ['a CONNECT without a share', () => [connect(2).subarray(0, 17)], 'E_PROTOCOL'],
    [
      'a CONNECT with too long a share',
      () => [encodeConnect(2, { shareId: new Uint8Array(65), credit: 1 })],
      'E_PROTOCOL',
    ],
    [
      'a CONNECT that is not the first',
      () => [
        connect(2),
        encodeFrame({ type: FRAME.CONNECT, socketId: 2, seq: 1, payload: connect(2).subarray(9) }),
      ],
      'E_PROTOCOL',
    ],
    ['DATA in place of CONNECT', () => [data(2, 0)], 'E_PROTOCOL'],
    ['FIN in place of CONNECT', () => [encodeFin(2, 0)], 'E_PROTOCOL'],
    [
      'a FIN with a payload',
      () => [
        connect(2),
        encodeFrame({ type: FRAME.FIN, socketId: 2, seq: 1, payload: new Uint8Array(1) }),
      ],
      'E_PROTOCOL',
    ],
    ['DATA behind a FIN', () => [connect(2), encodeFin(2, 1), data(2, 2)], 'E_PROTOCOL'],
    ['a second FIN', () => [connect(2), encodeFin(2, 1), encodeFin(2, 2)], 'E_PROTOCOL'],
    [
      'a CLOSE cut short',
      () => [
        connect(2),
        encodeFrame({ type: FRAME.CLOSE, socketId: 2, seq: 1, payload: new Uint8Array(2) }),
      ],
      'E_PROTOCOL',
    ],
    [
      'a CLOSE with too much text',
      () => [
        connect(2),
        encodeFrame({ type: FRAME.CLOSE, socketId: 2, seq: 1, payload: new Uint8Array(204) }),
      ],
      'E_PROTOCOL',
    ],
    [
      'an acknowledgement of what was never sent',
      () => [connect(2), encodeCredit(2, 1, 0)],
      'E_PROTOCOL',
    ],
    ['CREDIT for a socket never seen', () => [encodeCredit(2, 0, 0)], 'E_PROTOCOL'],
    ['CREDIT cut short', () => [connect(2), encodeCredit(2, 0, 0).subarray(0, 16)], 'E_PROTOCOL'],
    [
      'CREDIT beyond 2^53',
      () => [
        connect(2),
        encodeFrame({
          type: FRAME.CREDIT,
          socketId: 2,
          seq: 0,
          payload: new Uint8Array(8).fill(255),
        }),
      ],
      'E_PROTOCOL',
    ],
    ['an acknowledged CONTROL that was never sent', () => [encodeCredit(0, 1, 0)], 'E_PROTOCOL'],
    ['ARRIVED beyond what was sent', () => [encodeArrived(1_000_000)], 'E_PROTOCOL'],
    ['ARRIVED cut short', () => [encodeArrived(0).subarray(0, 16)], 'E_PROTOCOL'],
    [
      'a sequence number too far ahead',
      () => [connect(2), data(2, UNACKED_FRAMES_MAX + 4, 1)],
      'E_PROTOCOL',
    ],
    ['too many ids left out', () => [connect(2 + 2 * (SKIPPED_IDS_MAX + 1))], 'E_PROTOCOL'],
    ['a malformed CONTROL', () => [control(0, new Uint8Array(8).fill(255))], 'E_PROTOCOL'],
    [
      'an oversized CONTROL',
      () => [control(0, new Uint8Array(CONTROL_BYTES_MAX + 1))],
      'E_PROTOCOL',
    ],
    [
      'too many CONTROLs out of order',
      () => Array.from({ length: CONTROL_WAITING_MAX + 1 }, (_, seq) => control(seq + 1)),
      'E_PROTOCOL',
    ],
    [
      'a malformed HANDSHAKE',
      () => [
        encodeFrame({
          type: FRAME.HANDSHAKE,
          socketId: 0,
          seq: UNORDERED_SEQ,
          payload: new Uint8Array(8).fill(255),
        }),
      ],
      'E_PROTOCOL',
    ],
    ['a new HELLO', () => [encodeHandshake({ case: 'hello', value: HELLO }, 3)], 'E_PROTOCOL'],
    [
      'a HELLO without order',
      () => [encodeHandshake({ case: 'hello', value: HELLO })],
      'E_PROTOCOL',
    ],
    [
      'a CONFIRM where nothing was compared',
      () => [
        encodeHandshake({ case: 'confirm', value: create(ConfirmSchema, { match: true }) }, 3),
      ],
      'E_PROTOCOL',
    ],
    [
      'a handshake that never ends',
      () => Array.from({ length: 1000 }, () => HANDSHAKE[0] as Uint8Array),
      'E_PROTOCOL',
    ],
    [
      'a scan for shares',
      () =>
        Array.from({ length: REFUSED_OPENS_PER_MINUTE_MAX + 1 }, (_, index) =>
          connect(2 + 2 * index),
        ),
      'E_PROTOCOL',
    ],
    [
      'rapid resets',
      () =>
        Array.from({ length: RAPID_RESETS_PER_10_S_MAX + 1 }, (_, index) => [
          connect(2 + 2 * index),
          closeAtOnce(2 + 2 * index),
        ]).flat(),
      'E_PROTOCOL',
    ],
  ];

/** The same before the handshake is over. */
const EARLY_CRIMES: readonly (readonly [
  name: string,
  messages: () => Uint8Array[],
  code: ErrorCode,
])[] = [
  ['a frame before authentication', () => [connect(2)], 'E_PROTOCOL'],
  ['a frame between HELLO and AUTH', () => [HANDSHAKE[0] as Uint8Array, connect(2)], 'E_PROTOCOL'],
  ['nothing at all', () => [NOTHING], 'E_PROTOCOL'],
  [
    'READY before AUTH',
    () => [
      HANDSHAKE[0] as Uint8Array,
      encodeHandshake({ case: 'ready', value: create(ReadySchema) }, 1),
    ],
    'E_PROTOCOL',
  ],
  ['AUTH before HELLO', () => [encodeHandshake({ case: 'auth', value: AUTH }, 0)], 'E_PROTOCOL'],
  [
    'HELLO twice',
    () => [HANDSHAKE[0] as Uint8Array, encodeHandshake({ case: 'hello', value: HELLO }, 1)],
    'E_PROTOCOL',
  ],
  [
    'PING before authentication',
    () => [encodeHandshake({ case: 'ping', value: create(PingSchema, { id: 1 }) })],
    'E_PROTOCOL',
  ],
  [
    'PONG before authentication',
    () => [encodeHandshake({ case: 'pong', value: create(PongSchema, { id: 1 }) })],
    'E_PROTOCOL',
  ],
  [
    'a handshake over 8 KiB',
    () => [
      encodeHandshake(
        {
          case: 'hello',
          value: create(HelloSchema, { ...HELLO, name: 'x'.repeat(HANDSHAKE_BYTES_MAX) }),
        },
        0,
      ),
    ],
    'E_PROTOCOL',
  ],
  [
    'a handshake frame over 64 KiB',
    () => [
      encodeFrame({
        type: FRAME.HANDSHAKE,
        socketId: 0,
        seq: 0,
        payload: new Uint8Array(FRAME_BYTES_MAX),
      }),
    ],
    'E_PROTOCOL',
  ],
  [
    'too much ahead of READY',
    () => [
      ...HANDSHAKE.slice(0, 2),
      ...Array.from({ length: BEFORE_READY_BYTES_MAX / 60_000 + 1 }, () => data(2, 1, 60_000)),
    ],
    'E_PROTOCOL',
  ],
  ['frames of nothing ahead of READY', () => [...HANDSHAKE.slice(0, 2), NOTHING], 'E_PROTOCOL'],
  [
    'a wrong AUTH',
    () => [
      HANDSHAKE[0] as Uint8Array,
      encodeHandshake({ case: 'auth', value: create(AuthSchema) }, 1),
    ],
    'E_IDENTITY',
  ],
  [
    'another version',
    () => [
      encodeHandshake(
        { case: 'hello', value: create(HelloSchema, { ...HELLO, version: PROTOCOL_VERSION + 1 }) },
        0,
      ),
    ],
    'E_VERSION',
  ],
];

describe('a hostile peer, by name', () => {
  it.each(CRIMES)('%s ends the link', (name, messages, code) => {
    const answer: (() => DialAnswer) | undefined =
      name === 'a scan for shares'
        ? () => ({ kind: 'not-allowed' })
        : name === 'rapid resets'
          ? () => ({ kind: 'pending' })
          : undefined;
    const bystander = new Attack().authenticate();
    const attack = new Attack({
      clock: bystander.clock,
      ...(answer ? { answer } : {}),
    }).authenticate();
    expect(attack.victim.log.ready).toBe(1);
    attack.send(...messages());
    expectEnd(attack, code);
    expect(bystander.told).toBe(false);
    expect(bystander.send(connect(2)).targets).toHaveLength(1);
  });

  it.each(EARLY_CRIMES)('%s ends the link before it is one', (_name, messages, code) => {
    const attack = new Attack().send(...messages());
    expectEnd(attack, code);
    expect(attack.victim.log.ready).toBe(0);
    expect(attack.dialer.asked).toBe(0);
  });

  it('silence before authentication ends the link in time', () => {
    const attack = new Attack();
    attack.clock.advance(HANDSHAKE_TIMEOUT_MS - 1);
    expect(attack.told).toBe(false);
    attack.clock.advance(1);
    expect(attack.told).toBe(true);
    expectEnd(attack, 'E_UNREACHABLE');
  });

  it('unknown optional types, unknown flags and unknown fields are no crime', () => {
    const attack = new Attack().authenticate();
    attack.send(
      encodeFrame({ type: 0x80, socketId: 1, seq: 9, payload: NOTHING }),
      encodeFrame({ type: 0xff, socketId: 0, seq: 0, payload: NOTHING }),
    );
    attack.send(control(0, Uint8Array.of(0xf8, 0x07, 0x01)));
    attack.send(
      connect(2),
      encodeFrame({
        type: FRAME.CLOSE,
        socketId: 2,
        seq: 1,
        payload: Uint8Array.of(0x07, 0xd1, 0xf0),
      }),
    );
    expect(attack.told).toBe(false);
    expect(attack.targets).toHaveLength(1);
  });

  it('a limit is not yet a crime', () => {
    const scan = new Attack({ answer: () => ({ kind: 'not-allowed' }) }).authenticate();
    scan.send(
      ...Array.from({ length: REFUSED_OPENS_PER_MINUTE_MAX }, (_, index) => connect(2 + 2 * index)),
    );
    expect(scan.told).toBe(false);
    const resets = new Attack({ answer: () => ({ kind: 'pending' }) }).authenticate();
    for (let index = 0; index < RAPID_RESETS_PER_10_S_MAX; index++) {
      resets.send(connect(2 + 2 * index), closeAtOnce(2 + 2 * index));
    }
    expect(resets.told).toBe(false);
    expect(resets.dialer.cancelled).toBe(RAPID_RESETS_PER_10_S_MAX);
    const skips = new Attack().authenticate();
    expect(skips.send(connect(2 + 2 * SKIPPED_IDS_MAX)).told).toBe(false);
  });
});

function expectEnd(attack: Attack, code: ErrorCode): void {
  attack.clock.advance(1000);
  expect(attack.code).toBe(code);
  expect(attack.victim.log.endings).toHaveLength(1);
  expect(attack.byes).toBe(1);
  expect(attack.closedAt).toBeDefined();
  expect(attack.victim.link.liveSockets).toBe(0);
  for (const target of attack.targets) expect(!target.started || target.closed).toBe(true);
}

// ── A million mutated frames ────────────────────────────────────────────────────────────────────

interface Tally {
  frames: number;
  links: number;
  readonly codes: Map<string, number>;
}

/** One link, fed until it ends or has had enough; half of them get past the handshake first. */
function attackOnce(mutator: Mutator, tally: Tally): void {
  const clock = new VirtualClock();
  const answers: DialAnswer[] = [
    { kind: 'pending' },
    { kind: 'failed', code: 'E_TARGET_REFUSED', afterMs: 1 },
  ];
  const attack = new Attack({
    clock,
    keep: false,
    answer: () =>
      answers[mutator.below(4)] ?? {
        kind: 'connected',
        local: new FakeLocal({ clock, record: 'count' }),
        afterMs: 1,
      },
  });
  if (mutator.below(8) > 0) attack.authenticate();
  mutator.reset();
  tally.links += 1;
  for (
    let sent = 0;
    sent < 3000 && (!attack.told || mutator.below(4) > 0) && tally.frames < FRAMES;
    sent++
  ) {
    attack.peer.send(mutator.next());
    tally.frames += 1;
    if (mutator.below(4) === 0) clock.advance(1);
    else clock.advance(0);
  }
  attack.victim.link.close();
  clock.advance(15_000);
  finish(attack, tally);
}

function finish(attack: Attack, tally: Tally): void {
  if (attack.victim.log.endings.length !== 1) throw new Error('a link did not end exactly once');
  if (attack.victim.link.liveSockets !== 0) throw new Error('a link ended and kept sockets');
  if (attack.clock.pendingTimers !== 0) throw new Error('a link ended and kept timers');
  const { code } = attack;
  if (code !== 'none' && !ENDS_ALLOWED.includes(code)) {
    throw new Error(`${code}: ${attack.victim.log.endings[0]?.message}`);
  }
  tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
}

describe('a hostile peer, at random', () => {
  let collect: () => void;

  beforeAll(() => {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  });

  it(`row 15: takes ${FRAMES} mutated frames: no crash, no hang, no memory kept`, () => {
    const seed = runSeed();
    const mutator = new Mutator(seededRandom(seed));
    const tally: Tally = { frames: 0, links: 0, codes: new Map() };
    let baseline: number | undefined;
    while (tally.frames < FRAMES) {
      try {
        attackOnce(mutator, tally);
      } catch (thrown) {
        throw new Error(`TEST_SEED=${seed} fails at frame ${tally.frames}: ${String(thrown)}`, {
          cause: thrown,
        });
      }
      if (baseline === undefined && tally.frames >= FRAMES / 10) baseline = heapNow(collect);
    }
    const growth = heapNow(collect) - (baseline ?? 0);
    console.log(
      `${tally.frames} frames, ${tally.links} links, heap ${Math.round(growth / 1024)} KiB, ended by`,
      Object.fromEntries(tally.codes),
    );
    expect(tally.frames).toBe(FRAMES);
    expect(tally.codes.get('E_PROTOCOL')).toBeGreaterThan(tally.links / 2);
    expect(tally.links).toBeGreaterThan(FRAMES / 1000);
    expect(growth).toBeLessThan(HEAP_GROWTH_MAX);
  }, 600_000);
});

function heapNow(collect: () => void): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
