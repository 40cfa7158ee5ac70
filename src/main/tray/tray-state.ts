/**
 * Which icon the tray shows, what its tooltip says, and which problem is named: a function of what
 * there is, and of how long it has been so.
 *
 * Invariant: a problem is shown when it has lasted TRAY_PROBLEM_MS, and gone at once when it is over.
 * `onChange` is called only when what is shown is another one. The first row that fits counts:
 *
 *   | state      | fits when                                                                    |
 *   | ---------- | ---------------------------------------------------------------------------- |
 *   | needs-you  | a pairing waits for a person                                                 |
 *   | off        | no engine answers, or all sharing is paused                                  |
 *   | problem    | a problem that blocks is shown (problem.ts)                                  |
 *   | connected  | a device is up                                                               |
 *   | connecting | a device is held, or connecting for at most TRAY_CONNECTING_MS since a start, |
 *   |            | a device that was up, or a person's wish                                     |
 *   | no-device  | else                                                                         |
 */
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import type { StatusView } from '../../shared/contract.ts';
import { TRAY_CONNECTING_MS, TRAY_PROBLEM_MS } from '../../shared/limits.ts';
import { sayIn } from '../../shared/messages/language.ts';
import type { Language } from '../../shared/messages/language.ts';
import { TRAY } from '../../shared/messages/tray.ts';
import { devicesUp } from './menu.ts';
import { problemOf, problemText } from './problem.ts';
import type { Problem } from './problem.ts';

export type TrayState = 'off' | 'no-device' | 'connecting' | 'connected' | 'problem' | 'needs-you';

/** What the tray shows now. */
export interface TrayLook {
  readonly state: TrayState;
  /** Named in the menu; not every one changes the icon. */
  readonly problem: Problem | null;
}

export interface TrayStateOptions {
  readonly clock: Clock;
  readonly onChange: () => void;
}

export class TrayStateTracker {
  readonly #options: TrayStateOptions;
  #status: StatusView | null = null;
  #waiting = 0;
  #problem: { readonly problem: Problem; readonly since: number } | null = null;
  /** When the wait for devices that connect began, or began again. */
  #connectingSince: number;
  #look: TrayLook = { state: 'off', problem: null };
  #cancelTimer: CancelTimer = () => {};

  constructor(options: TrayStateOptions) {
    this.#options = options;
    this.#connectingSince = options.clock.now();
  }

  get look(): TrayLook {
    return this.#look;
  }

  /** What there is now; null while no engine answers. */
  onStatus(status: StatusView | null): void {
    const { clock } = this.#options;
    const wasOffline = this.#status === null || this.#status.network === 'offline';
    const isOffline = status === null || status.network === 'offline';
    const isUp = status !== null && devicesUp(status) > 0;
    this.#status = status;
    if (isUp || (wasOffline && !isOffline)) this.#connectingSince = clock.now();
    this.#noteProblem(status === null ? null : problemOf(status));
    this.#tell();
  }

  /** How many pairings wait for a person. */
  onWaiting(count: number): void {
    this.#waiting = count;
    this.#tell();
  }

  /** A person wants a device to be called now. */
  onWish(): void {
    this.#connectingSince = this.#options.clock.now();
    this.#tell();
  }

  /** Nothing is told any more. */
  close(): void {
    this.#cancelTimer();
  }

  #noteProblem(problem: Problem | null): void {
    if (problem === null) this.#problem = null;
    else if (this.#problem?.problem.kind === problem.kind) {
      this.#problem = { problem, since: this.#problem.since };
    } else this.#problem = { problem, since: this.#options.clock.now() };
  }

  #tell(): void {
    const problem = this.#shownProblem();
    const look: TrayLook = { state: this.#state(problem), problem };
    this.#lookAgain();
    if (JSON.stringify(look) === JSON.stringify(this.#look)) return;
    this.#look = look;
    this.#options.onChange();
  }

  #shownProblem(): Problem | null {
    if (this.#problem === null) return null;
    return this.#hasPassed(this.#problem.since, TRAY_PROBLEM_MS) ? this.#problem.problem : null;
  }

  #state(problem: Problem | null): TrayState {
    const status = this.#status;
    if (this.#waiting > 0) return 'needs-you';
    if (status === null || status.sharing === 'paused') return 'off';
    if (problem?.effect === 'blocks') return 'problem';
    if (devicesUp(status) > 0) return 'connected';
    return this.#isConnecting(status) ? 'connecting' : 'no-device';
  }

  #isConnecting({ peers }: StatusView): boolean {
    if (peers.some((peer) => peer.state === 'held')) return true;
    if (this.#hasPassed(this.#connectingSince, TRAY_CONNECTING_MS)) return false;
    return peers.some((peer) => peer.state === 'connecting');
  }

  #hasPassed(since: number, ms: number): boolean {
    return this.#options.clock.now() - since >= ms;
  }

  /** Looks again when a problem, or the wait for devices, has lasted long enough. */
  #lookAgain(): void {
    const { clock } = this.#options;
    this.#cancelTimer();
    const due = [
      this.#problem === null ? null : this.#problem.since + TRAY_PROBLEM_MS,
      this.#connectingSince + TRAY_CONNECTING_MS,
    ];
    const next = due.filter((at) => at !== null && at > clock.now()) as number[];
    if (next.length === 0) return;
    this.#cancelTimer = clock.after(Math.min(...next) - clock.now(), () => this.#tell());
  }
}

/** `Porthole: 2 devices connected, 3 ports shared`, or what is more important. */
export function tooltipOf(look: TrayLook, status: StatusView | null, language: Language): string {
  const say = sayIn(TRAY, language);
  if (look.state === 'needs-you') return say('title', { state: say('wantsToPair') });
  if (status === null) return say('title', { state: say('notRunning') });
  if (look.state === 'problem' && look.problem !== null) {
    return say('title', { state: problemText(look.problem, language) });
  }
  const live = status.shares.filter((share) => share.state === 'live').length;
  const isPaused = status.sharing === 'paused';
  return say('tooltip', {
    devices: say('devicesConnected', { count: devicesUp(status) }),
    ports: isPaused ? say('sharingPaused') : say('portsShared', { count: live }),
  });
}
