/**
 * Every state that the agreement on a session (resume.ts) can get into, within bounds: accounts on
 * their way in any order, any of them lost, sessions given up at any time, a process restarted. From
 * each of them the two agree as soon as one exchange gets through, no message that was late makes
 * them lose a session that both have, and no session begins a second time.
 */
import { describe, expect, it } from 'vitest';
import {
  decide,
  follow,
  makeSessionId,
  type Account,
  type KnownSession,
} from '../../src/engine/link/resume.ts';

/** How far the search goes; all three at once are too many states. */
interface Bounds {
  /** Accounts on their way, each way. */
  readonly onTheWay: number;
  /** Sessions that one process begins. */
  readonly sessions: number;
  readonly restarts: number;
}

const SEARCHES: readonly Bounds[] = [
  { onTheWay: 3, sessions: 2, restarts: 1 },
  { onTheWay: 2, sessions: 3, restarts: 1 },
];

/** One side; `ended` are the sessions it will never be in again. */
interface Side {
  readonly instance: number;
  readonly begun: number;
  readonly session: KnownSession | undefined;
  readonly ended: readonly string[];
}

type Told = Pick<Account, 'instance' | 'session' | 'state'>;

interface World {
  readonly decider: Side;
  readonly follower: Side;
  readonly questions: readonly Told[];
  readonly answers: readonly Told[];
  readonly restarts: number;
}

const FRESH: Side = { instance: 1, begun: 0, session: undefined, ended: [] };
const START: World = {
  decider: FRESH,
  follower: FRESH,
  questions: [],
  answers: [],
  restarts: 0,
};

function instanceName(who: 'd' | 'f', { instance }: Side): string {
  return `${who}${instance}`.padEnd(16, '0');
}

function tell(who: 'd' | 'f', side: Side): Told {
  const { session } = side;
  return {
    instance: instanceName(who, side),
    session: session?.id,
    state: session?.state ?? 'alive',
  };
}

function account(told: Told): Account {
  return {
    ...told,
    number: 1,
    isAnswer: false,
    holdMs: 0,
    lanes: [],
    adopted: [],
    controlNext: 0,
    sockets: [],
  };
}

function endSession(side: Side): Side {
  const { session, ended } = side;
  if (session === undefined || session.state === 'over') return side;
  return {
    ...side,
    session: { ...session, state: 'over' },
    ended: [...ended, session.id].toSorted(),
  };
}

// ── Steps ─────────────────────────────────────────────────────────────────────────────────────

function ask(world: World): World {
  return { ...world, questions: [...world.questions, tell('f', world.follower)] };
}

/** The decider takes a question and answers it. */
function answer(world: World, at: number): World {
  const question = world.questions[at] as Told;
  let { decider } = world;
  if (decide(decider.session, account(question)) === 'begin') {
    const begun = decider.begun + 1;
    const id = makeSessionId(instanceName('d', decider), begun);
    const session: KnownSession = { id, state: 'alive', peerInstance: question.instance };
    decider = { ...endSession(decider), begun, session };
  }
  const questions = world.questions.toSpliced(at, 1);
  return { ...world, decider, questions, answers: [...world.answers, tell('d', decider)] };
}

/** The follower takes an answer. */
function obey(world: World, at: number): World {
  const told = world.answers[at] as Told;
  let { follower } = world;
  if (follow(follower.session, account(told)) === 'begin') {
    const id = told.session as string;
    if (follower.ended.includes(id)) throw new Error(`${id} is begun a second time`);
    const session: KnownSession = { id, state: 'alive', peerInstance: told.instance };
    follower = { ...endSession(follower), session };
  }
  return { ...world, follower, answers: world.answers.toSpliced(at, 1) };
}

/** Carriers die with a process, and what was on them. */
function restart(world: World, who: 'decider' | 'follower'): World {
  const side: Side = { ...FRESH, instance: world[who].instance + 1 };
  return { ...world, [who]: side, questions: [], answers: [], restarts: world.restarts + 1 };
}

/** What the network and the engine do by themselves. */
function messages(world: World, bounds: Bounds): World[] {
  const { questions, answers, decider } = world;
  const mayAnswer = answers.length < bounds.onTheWay && decider.begun < bounds.sessions;
  return [
    ...(questions.length < bounds.onTheWay ? [ask(world)] : []),
    ...questions.flatMap((_, at) => [
      { ...world, questions: questions.toSpliced(at, 1) },
      ...(mayAnswer ? [answer(world, at)] : []),
    ]),
    ...answers.flatMap((_, at) => [
      { ...world, answers: answers.toSpliced(at, 1) },
      obey(world, at),
    ]),
  ];
}

function misfortunes(world: World, bounds: Bounds): World[] {
  return [
    { ...world, decider: endSession(world.decider) },
    { ...world, follower: endSession(world.follower) },
    ...(world.restarts < bounds.restarts
      ? [restart(world, 'decider'), restart(world, 'follower')]
      : []),
  ];
}

// ── What must hold ────────────────────────────────────────────────────────────────────────────

function sharedSession({ decider, follower }: World): string | undefined {
  const isShared =
    decider.session?.state === 'alive' &&
    follower.session?.state === 'alive' &&
    decider.session.id === follower.session.id;
  return isShared ? decider.session?.id : undefined;
}

/** Once nothing is on the way any more, one more carrier is enough. */
function agreesInTheEnd(world: World): boolean {
  const quiet: World = { ...world, questions: [], answers: [] };
  return sharedSession(obey(answer(ask(quiet), 0), 0)) !== undefined;
}

function inAnyOrder(told: readonly Told[]): string[] {
  return told.map((one) => JSON.stringify(one)).toSorted();
}

function keyOf({ questions, answers, ...rest }: World): string {
  return JSON.stringify([rest, inAnyOrder(questions), inAnyOrder(answers)]);
}

/** Throws at the first state from which something goes wrong; returns how many there are. */
function search(bounds: Bounds): number {
  const seen = new Set([keyOf(START)]);
  const open = [START];
  for (let world = open.pop(); world !== undefined; world = open.pop()) {
    if (!agreesInTheEnd(world)) throw new Error(`no agreement from ${JSON.stringify(world)}`);
    const shared = sharedSession(world);
    const next = messages(world, bounds);
    const losing = next.find((after) => shared !== undefined && sharedSession(after) !== shared);
    if (losing !== undefined) {
      throw new Error(`${JSON.stringify(world)} loses ${shared}: ${JSON.stringify(losing)}`);
    }
    for (const after of [...next, ...misfortunes(world, bounds)]) {
      const key = keyOf(after);
      if (seen.has(key)) continue;
      seen.add(key);
      open.push(after);
    }
  }
  return seen.size;
}

describe('the agreement on a session', () => {
  it.each(SEARCHES)(
    'is reached from every state, $onTheWay messages each way, $sessions sessions',
    { timeout: 300_000 },
    (bounds) => {
      const states = search(bounds);
      console.log(`${states} states`);
      expect(states).toBeGreaterThan(10_000);
    },
  );
});
