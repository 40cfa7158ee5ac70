/** RESUME: who decides what, whatever the two know; and how it goes over the wire. */
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Account,
  decide,
  follow,
  type KnownSession,
  makeInstance,
  makeSessionId,
  ResumeReader,
  writeAccount,
} from '../../../src/engine/link/resume.ts';
import { encodeHandshake } from '../../../src/engine/link/handshake.ts';
import { type Resume, ResumeSchema } from '../../../src/engine/protocol/generated/session_pb.ts';
import {
  CARRIERS_MAX,
  FRAME_BYTES_MAX,
  RESUME_PARTS_MAX,
  RESUME_SOCKETS_PER_PART,
  SOCKETS_PER_PEER_MAX,
} from '../../../src/shared/limits.ts';
import { seededRandom } from '../../../src/shared/random.ts';

const E_PROTOCOL = expect.objectContaining({ code: 'E_PROTOCOL' });
const [OURS, OURS_BEFORE, THEIRS, THEIRS_BEFORE] = ['11', '22', '33', '44'].map((digits) =>
  digits.repeat(8),
) as [string, string, string, string];
const LANE = 'ab'.repeat(8);

function account(change: Partial<Account> = {}): Account {
  return {
    number: 1,
    isAnswer: false,
    instance: THEIRS,
    session: undefined,
    state: 'alive',
    holdMs: 60_000,
    lanes: [],
    adopted: [],
    controlNext: 0,
    sockets: [],
    ...change,
  };
}

function known(change: Partial<KnownSession> = {}): KnownSession {
  return { id: makeSessionId(OURS, 5), state: 'alive', peerInstance: THEIRS, ...change };
}

/** The number in a session id. */
const numberOf = (id: string): number => Number.parseInt(id.slice(16), 16);

describe('the device that decides', () => {
  const current = makeSessionId(OURS, 5);
  const others = {
    'no session': undefined,
    'an older one of ours': makeSessionId(OURS, 4),
    'one of our process before': makeSessionId(OURS_BEFORE, 9),
  };

  it('begins where it has no session, or ended it, whatever the other says', () => {
    for (const own of [undefined, known({ state: 'over' })]) {
      for (const session of [undefined, current, ...Object.values(others)]) {
        for (const state of ['alive', 'over'] as const) {
          for (const instance of [THEIRS, THEIRS_BEFORE]) {
            expect(decide(own, account({ session, state, instance }))).toBe('begin');
          }
        }
      }
    }
  });

  it('resumes the session both are in, and begins one where the other ended it', () => {
    for (const instance of [THEIRS, THEIRS_BEFORE]) {
      expect(decide(known(), account({ session: current, instance }))).toBe('resume');
      const over = account({ session: current, state: 'over', instance });
      expect(decide(known(), over)).toBe('begin');
    }
  });

  it.each(Object.entries(others))(
    'offers its own to the same process with %s',
    (_what, session) => {
      for (const state of ['alive', 'over'] as const) {
        expect(decide(known(), account({ session, state }))).toBe('offer');
      }
    },
  );

  it.each(Object.entries(others))('begins with another process with %s', (_what, session) => {
    for (const state of ['alive', 'over'] as const) {
      expect(decide(known(), account({ session, state, instance: THEIRS_BEFORE }))).toBe('begin');
    }
  });
});

describe('the device that follows', () => {
  const [four, five, six] = [4, 5, 6].map((number) => makeSessionId(THEIRS, number)) as [
    string,
    string,
    string,
  ];
  const rows: [string, KnownSession | undefined, string | undefined, ReturnType<typeof follow>][] =
    [
      ['none, told none', undefined, undefined, 'stale'],
      ['none, told one', undefined, five, 'begin'],
      ['one, told none', known({ id: five }), undefined, 'stale'],
      ['one, told the same', known({ id: five }), five, 'resume'],
      ['one that is over, told the same', known({ id: five, state: 'over' }), five, 'stale'],
      ['one, told an older one', known({ id: five }), four, 'stale'],
      ['one that is over, told an older one', known({ id: five, state: 'over' }), four, 'stale'],
      ['one, told a newer one', known({ id: five }), six, 'begin'],
      ['one that is over, told a newer one', known({ id: five, state: 'over' }), six, 'begin'],
      [
        'one, told one of another process',
        known({ id: makeSessionId(THEIRS_BEFORE, 99) }),
        four,
        'begin',
      ],
      [
        'one that is over, told one of another process',
        known({ id: makeSessionId(THEIRS_BEFORE, 99), state: 'over' }),
        four,
        'begin',
      ],
    ];

  it.each(rows)('with %s', (_what, own, session, following) => {
    const answer = account({ session, isAnswer: true });
    expect(follow(own, answer)).toBe(following);
    // Of a session that is over nothing follows.
    expect(follow(own, { ...answer, state: 'over' })).toBe('stale');
  });

  it('compares numbers, not digits', () => {
    const own = known({ id: makeSessionId(THEIRS, 0xff) });
    expect(follow(own, account({ session: makeSessionId(THEIRS, 0x100) }))).toBe('begin');
    expect(follow(own, account({ session: makeSessionId(THEIRS, 0xfe) }))).toBe('stale');
  });
});

describe('both together', () => {
  it('agree in one exchange on one session, whatever they know', () => {
    const processes = [OURS, OURS_BEFORE];
    const sessions = processes.flatMap((instance) =>
      [1, 2].map((number) => makeSessionId(instance, number)),
    );
    const states = ['alive', 'over'] as const;
    const owns: (KnownSession | undefined)[] = [
      undefined,
      // What this process decided itself.
      ...[1, 2].flatMap((number) =>
        states.flatMap((state) =>
          [THEIRS, THEIRS_BEFORE].map((peerInstance) => ({
            id: makeSessionId(OURS, number),
            state,
            peerInstance,
          })),
        ),
      ),
    ];
    const theirs: (KnownSession | undefined)[] = [
      undefined,
      ...sessions.flatMap((id) => states.map((state) => ({ id, state, peerInstance: OURS }))),
    ];
    for (const own of owns) {
      for (const their of theirs) {
        // Nobody knows a session of this process that it has not decided on yet.
        const isOurs = their?.id.startsWith(OURS) === true;
        if (isOurs && numberOf(their.id) > (own === undefined ? 0 : numberOf(own.id))) continue;
        const ask = account({ session: their?.id, state: their?.state ?? 'alive' });
        const decision = decide(own, ask);
        const next = 1 + (own === undefined ? 0 : numberOf(own.id));
        const session = decision === 'begin' ? makeSessionId(OURS, next) : own?.id;
        const following = follow(their, account({ session, instance: OURS, isAnswer: true }));
        expect([decision, following]).not.toContain('stale');
        // The one resumes exactly when the other does: nobody sends again what nobody waits for.
        expect(decision === 'resume').toBe(following === 'resume');
      }
    }
  });
});

describe('names', () => {
  it('of processes are 8 random bytes, of sessions 12 with the number', () => {
    const random = seededRandom(1);
    const names = new Set(Array.from({ length: 100 }, () => makeInstance(random)));
    expect(names.size).toBe(100);
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{16}$/);
    expect(makeInstance(() => 0)).toBe('0'.repeat(16));
    expect(makeInstance(() => 1 - Number.EPSILON)).toBe('f'.repeat(16));
    expect(makeSessionId(OURS, 0x1234)).toBe(`${OURS}00001234`);
  });
});

/** As they come over a carrier. */
function overTheWire(parts: readonly Resume[]): Resume[] {
  return parts.map((part) => fromBinary(ResumeSchema, toBinary(ResumeSchema, part)));
}

function read(parts: readonly Resume[]): Account | undefined {
  const reader = new ResumeReader();
  const taken = parts.map((part) => reader.take(part));
  expect(taken.slice(0, -1).every((one) => one === undefined)).toBe(true);
  return taken.at(-1);
}

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((array) => Buffer.from(array).toString('hex'));
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const accounts: fc.Arbitrary<Account> = fc.record({
  number: fc.integer({ min: 1, max: 0xffff_ffff }),
  isAnswer: fc.boolean(),
  instance: hex(8),
  session: fc.option(hex(12), { nil: undefined }),
  state: fc.constantFrom('alive' as const, 'over' as const),
  holdMs: u32,
  lanes: fc.array(hex(8), { maxLength: CARRIERS_MAX }),
  adopted: fc.array(hex(8), { maxLength: CARRIERS_MAX }),
  controlNext: u32,
  sockets: fc.array(fc.record({ id: u32, nextSeq: u32, credit: fc.maxSafeNat() }), {
    maxLength: 30,
  }),
});

/** An account in two parts. */
const many = (number: number): Resume[] =>
  writeAccount(
    account({
      number,
      sockets: Array.from({ length: 2 * RESUME_SOCKETS_PER_PART }, (_, id) => ({
        id: number * 100_000 + id,
        nextSeq: 0,
        credit: 0,
      })),
    }),
  );

describe('an account on the wire', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(accounts, (one) => {
        expect(read(overTheWire(writeAccount(one)))).toEqual(one);
      }),
      { numRuns: 200 },
    );
  });

  it.each([0, 1, RESUME_SOCKETS_PER_PART, RESUME_SOCKETS_PER_PART + 1, 2 * SOCKETS_PER_PEER_MAX])(
    'with %i sockets comes in parts that fit a frame, in any order',
    (count) => {
      const sockets = Array.from({ length: count }, (_, id) => ({
        id,
        nextSeq: (7 * id) % 1000,
        credit: 2 ** 40 + id,
      }));
      const lanes = Array.from({ length: CARRIERS_MAX }, () => LANE);
      const one = account({ sockets, lanes, adopted: lanes, session: makeSessionId(OURS, 1) });
      const parts = writeAccount(one);
      expect(parts.length).toBe(Math.max(1, Math.ceil(count / RESUME_SOCKETS_PER_PART)));
      expect(parts.length).toBeLessThanOrEqual(RESUME_PARTS_MAX);
      for (const part of parts) {
        const bytes = encodeHandshake({ case: 'resume', value: part }).length;
        expect(bytes).toBeLessThanOrEqual(FRAME_BYTES_MAX);
      }
      for (const seed of [1, 2, 3]) {
        const random = seededRandom(seed);
        const shuffled = overTheWire(parts)
          .map((part) => ({ part, at: random() }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ part }) => part);
        const whole = read(shuffled) as Account;
        expect(whole.sockets.toSorted((a, b) => a.id - b.id)).toEqual(sockets);
        expect({ ...whole, sockets: [] }).toEqual({ ...one, sockets: [] });
      }
    },
  );

  it('gives way to a later one, whose parts are not mixed with its own', () => {
    const reader = new ResumeReader();
    const [old, young] = [many(3), many(4)] as [Resume[], Resume[]];
    expect(reader.take(old[0] as Resume)).toBeUndefined();
    expect(reader.take(young[1] as Resume)).toBeUndefined();
    expect(reader.take(old[1] as Resume)).toBeUndefined();
    const whole = reader.take(young[0] as Resume);
    expect(whole?.number).toBe(4);
    expect(whole?.sockets).toHaveLength(2 * RESUME_SOCKETS_PER_PART);
    expect(new Set(whole?.sockets.map(({ id }) => Math.floor(id / 100_000)))).toEqual(new Set([4]));
  });

  it('counts once, however often it comes', () => {
    const reader = new ResumeReader();
    const [part] = writeAccount(account({ number: 2 })) as [Resume];
    expect(reader.take(part)).toBeDefined();
    expect(reader.take(part)).toBeUndefined();
    const [first, second] = many(3) as [Resume, Resume];
    expect(reader.take(first)).toBeUndefined();
    expect(reader.take(first)).toBeUndefined();
    expect(reader.take(second)).toBeDefined();
    for (const again of [first, second, second, first]) {
      expect(reader.take(again)).toBeUndefined();
    }
    expect(reader.take((writeAccount(account({ number: 4 })) as [Resume])[0])).toBeDefined();
  });

  it.each<[string, MessageInitShape<typeof ResumeSchema>]>([
    ['number 0', { number: 0 }],
    ['no parts', { parts: 0 }],
    ['too many parts', { parts: RESUME_PARTS_MAX + 1 }],
    ['a part beyond the last', { parts: 2, part: 2 }],
    ['no instance', { instance: new Uint8Array(0) }],
    ['a long instance', { instance: new Uint8Array(9) }],
    ['a short session', { session: new Uint8Array(11) }],
    ['a long session', { session: new Uint8Array(13) }],
    ['a short lane', { carriers: [new Uint8Array(7)] }],
    ['a long lane', { adopted: [new Uint8Array(9)] }],
    [
      'too many lanes',
      { carriers: Array.from({ length: CARRIERS_MAX + 1 }, () => new Uint8Array(8)) },
    ],
    [
      'too many adopted',
      { adopted: Array.from({ length: CARRIERS_MAX + 1 }, () => new Uint8Array(8)) },
    ],
    ['half a socket', { sockets: new Uint8Array(24) }],
    ['a credit beyond 2^53', { sockets: new Uint8Array(16).fill(255) }],
  ])('with %s is a protocol error', (_what, change) => {
    const good = { number: 1, parts: 1, instance: new Uint8Array(8) };
    expect(new ResumeReader().take(create(ResumeSchema, good))).toBeDefined();
    const bad = create(ResumeSchema, { ...good, ...(change as object) });
    expect(() => new ResumeReader().take(bad)).toThrow(E_PROTOCOL);
  });
});
