/**
 * One call of `invite` or `join`, with the person at this computer as the other party.
 *
 * Invariant: it begins when it is made, and ends by itself or by `cancel`; then the code it showed
 * is good for nothing.
 */
import { InputQueue } from '../../../shared/calls/input-queue.ts';
import type { CallTalk, PortholeApi } from '../../../shared/calls/api.ts';
import type { CallName, CallParams, PairingInput, PeerView } from '../../../shared/contract.ts';
import { toPortholeError } from '../../../shared/errors.ts';
import { Store } from '../../state/store.ts';
import {
  afterAnswer,
  afterEvent,
  afterFailure,
  afterPaired,
  afterVerdict,
  STARTING,
} from './pairing-stage.ts';
import type { Pairing } from './pairing-stage.ts';

export type PairingWish =
  | { readonly call: 'invite'; readonly params: CallParams<'invite'> }
  | { readonly call: 'join'; readonly params: CallParams<'join'> };

export class PairingSession {
  readonly pairing = new Store<Pairing>(STARTING);
  readonly wish: PairingWish;
  readonly #gone = new AbortController();
  readonly #inputs = new InputQueue<PairingInput>(this.#gone.signal);

  constructor(api: PortholeApi<CallName>, wish: PairingWish) {
    this.wish = wish;
    void this.#run(api);
  }

  /** What the person says to the question whether the numbers are the same. Only the first counts. */
  decide(match: boolean): void {
    const before = this.pairing.get();
    const after = afterVerdict(before, match);
    if (after === before) return;
    this.pairing.set(after);
    this.#inputs.push({ kind: 'verdict', match });
  }

  /** The answer to an offline code, as it was pasted. */
  answer(blob: string): void {
    this.pairing.set(afterAnswer(this.pairing.get()));
    this.#inputs.push({ kind: 'answer', blob });
  }

  cancel(): void {
    this.#gone.abort();
  }

  async #run(api: PortholeApi<CallName>): Promise<void> {
    try {
      const peer = await this.#call(api);
      this.pairing.set(afterPaired(this.pairing.get(), peer));
    } catch (thrown) {
      if (this.#gone.signal.aborted) return;
      const { code, message } = toPortholeError(thrown);
      this.pairing.set(afterFailure(this.pairing.get(), { code, message }));
    }
  }

  #call(api: PortholeApi<CallName>): Promise<PeerView> {
    const talk: CallTalk<'invite' | 'join'> = {
      signal: this.#gone.signal,
      emit: (event) => this.pairing.set(afterEvent(this.pairing.get(), event)),
      nextInput: () => this.#inputs.next(),
    };
    const { wish } = this;
    if (wish.call === 'invite') return api.call('invite', wish.params, talk);
    return api.call('join', wish.params, talk);
  }
}
