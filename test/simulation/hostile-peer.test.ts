/**
 * A peer that sends what it likes: seeded mutations of valid frames, against fresh links again and
 * again. Each link may only end with a code that says so; nothing crashes, hangs or piles up.
 *
 *   HOSTILE_FRAMES=20000000 npx vitest run test/simulation/hostile-peer.test.ts   more of them
 *   TEST_SEED=17 …                                                                the same again
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeFrame, FRAME } from '../../src/engine/protocol/frame.ts';
import type { ErrorCode } from '../../src/shared/errors.ts';
import {
  HANDSHAKE_TIMEOUT_MS,
  RAPID_RESETS_PER_10_S_MAX,
  REFUSED_OPENS_PER_MINUTE_MAX,
  RESUMES_PER_MINUTE_MAX,
  SKIPPED_IDS_MAX,
} from '../../src/shared/limits.ts';
import { seededRandom } from '../../src/shared/random.ts';
import {
  Attack,
  closeAtOnce,
  connect,
  control,
  NOTHING,
  resume,
  socketState,
} from '../support/attack.ts';
import { CRIMES, EARLY_CRIMES } from '../support/crimes.ts';
import type { DialAnswer } from '../support/fake-dialer.ts';
import { FakeLocal } from '../support/fake-local.ts';
import { Mutator } from '../support/mutator.ts';
import { promisesSettled } from '../support/pairing-sides.ts';
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

describe('a hostile peer, by name', () => {
  it.each(CRIMES)('%s ends the link', async (name, messages, code) => {
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
    await expectEnd(attack, code);
    expect(bystander.told).toBe(false);
    expect(bystander.send(connect(2)).targets).toHaveLength(1);
  });

  it.each(EARLY_CRIMES)('%s ends the link before it is one', async (_name, messages, code) => {
    const attack = new Attack().send(...messages());
    await expectEnd(attack, code);
    expect(attack.victim.log.ready).toBe(0);
    expect(attack.dialer.asked).toBe(0);
  });

  it('silence before authentication ends the link in time', async () => {
    const attack = new Attack();
    attack.clock.advance(HANDSHAKE_TIMEOUT_MS - 1);
    expect(attack.told).toBe(false);
    attack.clock.advance(1);
    expect(attack.told).toBe(true);
    await expectEnd(attack, 'E_UNREACHABLE');
  });

  it('unknown optional types, unknown flags and unknown fields are no crime', () => {
    const attack = new Attack().authenticate();
    attack.send(
      encodeFrame({ type: 0x81, socketId: 1, seq: 9, payload: NOTHING }),
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
    const resumes = new Attack().authenticate();
    for (let number = 2; number <= RESUMES_PER_MINUTE_MAX; number++) {
      resumes.send(resume('begins', { number, sockets: socketState(2, 0, 5n) }));
    }
    expect(resumes.told).toBe(false);
    const skips = new Attack().authenticate();
    expect(skips.send(connect(2 + 2 * SKIPPED_IDS_MAX)).told).toBe(false);
  });
});

async function expectEnd(attack: Attack, code: ErrorCode): Promise<void> {
  attack.clock.advance(1000);
  await promisesSettled();
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
async function attackOnce(mutator: Mutator, tally: Tally): Promise<void> {
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
  // One that failed before it was authenticated is told of by a promise.
  await promisesSettled();
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

  it(`row 15: takes ${FRAMES} mutated frames: no crash, no hang, no memory kept`, async () => {
    const seed = runSeed();
    const mutator = new Mutator(seededRandom(seed));
    const tally: Tally = { frames: 0, links: 0, codes: new Map() };
    let baseline: number | undefined;
    while (tally.frames < FRAMES) {
      try {
        await attackOnce(mutator, tally);
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
