/**
 * The ports that could be shared, looked for only while somebody may see them: on a timer where
 * nothing tells that the menu opens, else when the pointer comes near.
 *
 * Invariant: one look at a time; what a failed one leaves is an empty list, for a menu has no place
 * for the reason.
 */
import type { PortholeApi } from '../../shared/calls/api.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import type { ListeningPort } from '../../shared/contract.ts';
import { misunderstood } from '../../shared/calls/messages.ts';
import { TRAY_LISTENING_MS } from '../../shared/limits.ts';

export interface ListeningPortsOptions {
  readonly api: PortholeApi;
  readonly clock: Clock;
  /** They are others than before. */
  readonly onChange: () => void;
}

export class ListeningPorts {
  readonly #options: ListeningPortsOptions;
  readonly #end = new AbortController();
  #ports: readonly ListeningPort[] = [];
  #lookedAt = Number.NEGATIVE_INFINITY;
  #look: 'none' | 'running' | 'again' = 'none';
  #cancelTimer: CancelTimer | null = null;

  constructor(options: ListeningPortsOptions) {
    this.#options = options;
  }

  get ports(): readonly ListeningPort[] {
    return this.#ports;
  }

  /** Looks every TRAY_LISTENING_MS, and soon for the first time, until `rest`. */
  poll(): void {
    if (this.#cancelTimer !== null) return;
    const waitMs = Math.max(0, this.#lookedAt + TRAY_LISTENING_MS - this.#options.clock.now());
    this.#cancelTimer = this.#options.clock.after(waitMs, () => {
      this.#cancelTimer = null;
      this.look();
      this.poll();
    });
  }

  rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** Looks, unless that was done a moment ago. */
  lookIfOld(): void {
    if (this.#options.clock.now() - this.#lookedAt >= TRAY_LISTENING_MS) this.look();
  }

  /** Looks now, or again when the look that runs is over. */
  look(): void {
    if (this.#look !== 'none') this.#look = 'again';
    else void this.#run();
  }

  close(): void {
    this.rest();
    this.#end.abort(new Error('closed'));
  }

  async #run(): Promise<void> {
    this.#look = 'running';
    this.#lookedAt = this.#options.clock.now();
    const ports = await this.#ask().catch(() => []);
    const isAsked = this.#isAskedAgain();
    this.#look = 'none';
    if (this.#end.signal.aborted) return;
    this.#note(ports);
    if (isAsked) this.look();
  }

  #isAskedAgain(): boolean {
    return this.#look === 'again';
  }

  async #ask(): Promise<readonly ListeningPort[]> {
    const { signal } = this.#end;
    const talk = {
      signal,
      emit: () => {},
      nextInput: () => Promise.reject(misunderstood('input')),
    };
    return (await this.#options.api.call('listening', {}, talk)).ports;
  }

  #note(ports: readonly ListeningPort[]): void {
    const isSame = JSON.stringify(ports) === JSON.stringify(this.#ports);
    this.#ports = ports;
    if (!isSame) this.#options.onChange();
  }
}
