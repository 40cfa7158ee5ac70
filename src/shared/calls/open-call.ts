/**
 * The caller's side of one call, the same whether the answer comes from this process or another.
 *
 * Invariant: the call settles once. It rejects at once with the reason of the caller's signal when
 * that aborts, and with what the caller's own functions throw; then whoever answers is told to stop.
 */
import type { CallInput, CallName, CallResult } from '../contract.ts';
import { toError } from '../errors.ts';
import type { CallTalk } from './api.ts';
import { checkPart } from './messages.ts';

export interface Caller<Name extends CallName> {
  readonly name: Name;
  readonly talk: CallTalk<Name>;
  /** Tells whoever answers that nobody waits any more. */
  readonly onGivenUp: () => void;
}

type State = 'open' | 'settled';

export class OpenCall<Name extends CallName> {
  readonly result: Promise<CallResult<Name>>;
  readonly #caller: Caller<Name>;
  #resolve: (result: CallResult<Name>) => void = () => {};
  #reject: (cause: Error) => void = () => {};
  #state: State = 'open';
  readonly #onAbort = (): void => this.#giveUp(this.#caller.talk.signal.reason);

  constructor(caller: Caller<Name>) {
    this.#caller = caller;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    caller.talk.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onEvent(event: unknown): void {
    if (this.#state === 'settled') return;
    try {
      this.#caller.talk.emit(checkPart(this.#caller.name, 'event', event));
    } catch (thrown) {
      this.#giveUp(thrown);
    }
  }

  /** Asks the caller for its next input; `take` gets it unless the call is over by then. */
  onWanted(take: (input: CallInput<Name>) => void): void {
    if (this.#state === 'settled') return;
    void this.#ask(take);
  }

  onResult(result: unknown): void {
    try {
      const checked = checkPart(this.#caller.name, 'result', result) as CallResult<Name>;
      if (this.#settle()) this.#resolve(checked);
    } catch (thrown) {
      this.onError(toError(thrown));
    }
  }

  onError(error: Error): void {
    if (this.#settle()) this.#reject(error);
  }

  async #ask(take: (input: CallInput<Name>) => void): Promise<void> {
    try {
      const input = await this.#caller.talk.nextInput();
      const checked = checkPart(this.#caller.name, 'input', input) as CallInput<Name>;
      if (this.#state === 'open') take(checked);
    } catch (thrown) {
      this.#giveUp(thrown);
    }
  }

  #giveUp(thrown: unknown): void {
    if (!this.#settle()) return;
    this.#reject(toError(thrown));
    this.#caller.onGivenUp();
  }

  /** Whether it was still open. */
  #settle(): boolean {
    if (this.#state === 'settled') return false;
    this.#state = 'settled';
    this.#caller.talk.signal.removeEventListener('abort', this.#onAbort);
    return true;
  }
}
