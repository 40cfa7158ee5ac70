/**
 * One connection through the tunnel: two applications that send, read, half-close and abort as
 * planned, and what each of them must have seen at the end (I1, I2).
 *
 * Invariant: an application judges by what it sent and what it read alone; what was allowed to
 * happen to the connection is told to `judge()` by whoever knows the faults.
 */
import { FakeLocal } from '../support/fake-local.ts';
import { ByteCheck, SeededBytes } from '../support/seeded-bytes.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { DeviceClock } from './device-clock.ts';
import type { ActPlan, ConversationPlan } from './sim-plan.ts';

const STREAMS = Array.from({ length: 8 }, (_, seed) => new SeededBytes(seed + 1));

/** One end: an application on one device, and what it must receive. */
export class Party {
  readonly local: FakeLocal;
  readonly clock: DeviceClock;
  readonly #plan: ActPlan;
  readonly #virtual: VirtualClock;
  readonly #bytes: SeededBytes;
  readonly #role: 'opener' | 'target';
  hasFinished = false;
  hasAborted = false;

  constructor(options: {
    readonly id: number;
    readonly role: 'opener' | 'target';
    readonly virtual: VirtualClock;
    readonly clock: DeviceClock;
    readonly plan: ActPlan;
    readonly report: (problem: string) => void;
  }) {
    const { id, role, clock, plan, report } = options;
    const stream = 2 * id + (role === 'opener' ? 0 : 1);
    const check = new ByteCheck(STREAMS[(stream ^ 1) % STREAMS.length] as SeededBytes);
    this.#bytes = STREAMS[stream % STREAMS.length] as SeededBytes;
    this.#plan = plan;
    this.#role = role;
    this.clock = clock;
    this.#virtual = options.virtual;
    this.local = new FakeLocal({
      clock,
      reader: plan.reader,
      record: 'count',
      onRead: (bytes) => {
        try {
          check.add(bytes);
        } catch (thrown) {
          report(`I1 conversation ${id}, ${role}: ${String(thrown)}`);
        }
      },
    });
  }

  /** Its process died, or its connection is closed, or there never was one. */
  get isOver(): boolean {
    if (this.clock.life === 'dead' || this.local.closed) return true;
    return this.#role === 'target' && !this.local.started;
  }

  get isDead(): boolean {
    return this.clock.life === 'dead' && !this.local.closed;
  }

  get readsFast(): boolean {
    return this.#plan.reader === 'at-once';
  }

  get wellBehaved(): boolean {
    return this.#plan.ending === 'finish';
  }

  /** Schedules what the application does; what is due already happens at once. */
  act(): void {
    const { pieces, endsAt, ending, abortsAfterMs, readsAt } = this.#plan;
    for (const { at, length } of pieces) {
      this.#at(at, () => this.local.send(this.#bytes.slice(this.local.sentBytes, length)));
    }
    this.#at(endsAt, () => (ending === 'abort' ? this.#abort() : this.#finish()));
    if (ending === 'finish-then-abort') this.#at(endsAt + abortsAfterMs, () => this.#abort());
    if (!this.readsFast) this.#at(readsAt, () => this.local.read('at-once'));
  }

  /** By the time of the run, not of the device: what it slept through is due when it wakes. */
  #at(at: number, act: () => void): void {
    this.#virtual.after(at - this.#virtual.now(), () => this.clock.deliver(act));
  }

  #finish(): void {
    if (this.local.closed) return;
    this.hasFinished = true;
    this.local.finish();
  }

  #abort(): void {
    if (this.local.closed) return;
    this.hasAborted = true;
    this.local.abort();
  }

  toString(): string {
    const { seen, sentBytes, takenBytes, receivedBytes } = this.local;
    const life = this.isOver ? 'over' : 'open';
    return `${this.#role} ${life} saw ${seen}, sent ${sentBytes} (${takenBytes} taken), received ${receivedBytes}`;
  }
}

/** What the faults of a run excuse. */
export interface Leniency {
  /** A reset of both ends. */
  readonly mayBeReset: boolean;
  /** That a reset did not wait for the bytes before it. */
  readonly mayDropAtReset: boolean;
}

export class Conversation {
  readonly id: number;
  readonly plan: ConversationPlan;
  readonly opener: Party;
  readonly openedAt: number;
  /** The session it was opened in; without one it may be turned away. */
  readonly session: string | undefined;
  target: Party | undefined;

  constructor(options: {
    readonly id: number;
    readonly plan: ConversationPlan;
    readonly opener: Party;
    readonly openedAt: number;
    readonly session: string | undefined;
  }) {
    this.id = options.id;
    this.plan = options.plan;
    this.opener = options.opener;
    this.openedAt = options.openedAt;
    this.session = options.session;
  }

  get isOver(): boolean {
    return this.opener.isOver && (this.target?.isOver ?? true);
  }

  joins(one: number, other: number): boolean {
    const { from, to } = this.plan;
    return (from === one && to === other) || (from === other && to === one);
  }

  /** Bytes the engine took at one end and has not brought to the application at the other. */
  bytesUnderWay(): number {
    if (this.target === undefined) return this.opener.local.takenBytes;
    return Math.max(
      this.opener.local.takenBytes - this.target.local.receivedBytes,
      this.target.local.takenBytes - this.opener.local.receivedBytes,
    );
  }

  /** What is wrong with how it ended. */
  problems({ mayBeReset, mayDropAtReset }: Leniency): string[] {
    const found: string[] = [];
    const expect = (holds: boolean, otherwise: string): void => {
      if (!holds) found.push(`conversation ${this.id}: ${otherwise} [${this.toString()}]`);
    };
    expect(this.isOver, 'hangs');
    const { opener, target } = this;
    if (target === undefined || !target.local.started) {
      const isMissed = this.plan.fate === 'connects' && opener.wellBehaved && !mayBeReset;
      expect(!isMissed, 'I2 never reached its target');
      expect(opener.local.seen !== 'end', 'I2 an end was seen that nobody sent');
      expect(opener.local.receivedBytes === 0, 'I1 bytes out of nowhere');
      return found;
    }
    expect(this.plan.fate === 'connects', 'a refused socket connected');
    judgeDirection({ from: opener, to: target, mayBeReset, mayDropAtReset, expect });
    judgeDirection({ from: target, to: opener, mayBeReset, mayDropAtReset, expect });
    return found;
  }

  toString(): string {
    const { from, to, fate } = this.plan;
    const target = this.target === undefined ? 'no target' : this.target.toString();
    return `${from}>${to} ${fate} at ${this.openedAt.toFixed(1)}: ${this.opener.toString()}; ${target}`;
  }
}

interface Direction extends Leniency {
  readonly from: Party;
  readonly to: Party;
  readonly expect: (holds: boolean, otherwise: string) => void;
}

function judgeDirection(direction: Direction): void {
  const { from, to, mayBeReset, mayDropAtReset, expect } = direction;
  const { seen, receivedBytes } = to.local;
  const isWhole = receivedBytes === from.local.sentBytes;
  expect(receivedBytes <= from.local.sentBytes, 'I1 more came than was sent');
  if (seen === 'end') {
    expect(from.hasFinished, 'I2 an end was seen that nobody sent');
    expect(isWhole, 'I1 the end came before the last byte');
  }
  if (mayBeReset || to.isDead) return;
  if (from.wellBehaved && to.wellBehaved) {
    expect(seen === 'end', `I2 both sides ended well, and ${seen} was seen`);
  }
  const hearsReset = !from.wellBehaved && to.wellBehaved && to.readsFast && seen === 'reset';
  if (hearsReset && from.hasAborted && !from.hasFinished && !mayDropAtReset) {
    expect(isWhole, 'I2 a reset overtook the data before it');
  }
}
