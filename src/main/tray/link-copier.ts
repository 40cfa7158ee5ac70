/**
 * Copy Link of the tray: makes an invite for a share, copies its link, and stays until a device has
 * used it, so that a person can pair without opening the window.
 *
 * Invariant: a share has one open invite at most; asked again, its link is copied again. The link is
 * a secret and goes nowhere but to `copy`.
 */
import type { CallTalk, PortholeApi } from '../../shared/calls/api.ts';
import type { PairingEvent, PairingInput } from '../../shared/contract.ts';
import { misunderstood } from '../../shared/calls/messages.ts';
import { toPortholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';

/** Whether the other computer shows the same number. */
export interface NumberQuestion {
  /** Six digits. */
  readonly digits: string;
  /** As the other device calls itself; not fit to be shown as it is. */
  readonly peerName: string;
  /** Aborted when the answer is not wanted any more. */
  readonly signal: AbortSignal;
}

type Compare = Extract<PairingEvent, { kind: 'compare' }>;

export interface LinkCopierOptions {
  readonly api: PortholeApi;
  readonly copy: (text: string) => Promise<void>;
  /** Rejects when nobody answers. */
  readonly compareNumbers: (question: NumberQuestion) => Promise<'match' | 'differ'>;
  /** Pairing failed after the link was copied. */
  readonly onFailed: (error: PortholeError) => void;
}

export class LinkCopier {
  readonly #options: LinkCopierOptions;
  /** The links of open invites, by the id of their share. */
  readonly #links = new Map<string, Promise<string>>();
  readonly #end = new AbortController();

  constructor(options: LinkCopierOptions) {
    this.#options = options;
  }

  /** Copies a link with which one device can pair and use the share. Rejects as `invite` does. */
  async copyLink(share: string): Promise<void> {
    const link = this.#links.get(share) ?? this.#invite(share);
    await this.#options.copy(await link);
  }

  /** Open invites are cancelled. */
  close(): void {
    this.#end.abort(new Error('closed'));
  }

  #invite(share: string): Promise<string> {
    const over = new AbortController();
    const link = new Promise<string>((resolve, reject) => {
      const talk = this.#talk(resolve, over.signal);
      this.#options.api
        .call('invite', { mode: 'online', trust: 'compare', forwards: 'all', grant: share }, talk)
        .catch((thrown: unknown) => {
          const error = toPortholeError(thrown);
          // Rejects for whoever waits for the link; later it has none to tell.
          link.then(() => this.#tellLater(error)).catch(() => {});
          reject(error);
        })
        .finally(() => {
          this.#links.delete(share);
          over.abort(new Error('pairing is over'));
        });
    });
    this.#links.set(share, link);
    return link;
  }

  #talk(onLink: (link: string) => void, over: AbortSignal): CallTalk<'invite'> {
    const signal = AbortSignal.any([this.#end.signal, over]);
    let verdict: Promise<PairingInput> | undefined;
    return {
      signal: this.#end.signal,
      emit: (event) => {
        if (event.kind === 'invite') onLink(event.link);
        if (event.kind === 'compare') verdict = this.#compare(event, signal);
      },
      // The engine asks when the numbers are there, which is after it told them.
      nextInput: () => verdict ?? Promise.reject(misunderstood('a verdict before the numbers')),
    };
  }

  async #compare({ digits, peerName }: Compare, signal: AbortSignal): Promise<PairingInput> {
    const answer = await this.#options.compareNumbers({ digits, peerName, signal });
    return { kind: 'verdict', match: answer === 'match' };
  }

  /** That nobody used a link is no news to whoever copied it. */
  #tellLater(error: PortholeError): void {
    if (this.#end.signal.aborted || error.code === 'E_INVITE_EXPIRED') return;
    this.#options.onFailed(error);
  }
}
