/**
 * The other side of a pairing, as a test plays it: it scans, shows numbers, agrees or goes away.
 *
 * Invariant: one pairing at a time; what the page answers is in `inputs`.
 */
import type { CallTalk } from '../../src/shared/calls/api.ts';
import type {
  CallParams,
  PairingEvent,
  PairingInput,
  PeerView,
} from '../../src/shared/contract.ts';
import { toError } from '../../src/shared/errors.ts';
import { LAPTOP } from './fake-views.ts';

type Talk = CallTalk<'invite'> | CallTalk<'join'>;

export class FakePairing {
  /** A whole link, as long as a real one is. */
  link = `porthole://pair#${'AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA'.repeat(4)}`;
  /** How long a link is good for, ms. */
  lifeMs = 600_000;
  readonly inputs: PairingInput[] = [];
  #talk: Talk | undefined;
  #end: { resolve(peer: PeerView): void; reject(cause: Error): void } | undefined;

  async invite({ mode }: CallParams<'invite'>, talk: CallTalk<'invite'>): Promise<PeerView> {
    const ended = this.#begin(talk);
    const expiresAt = new Date(Date.now() + this.lifeMs).toISOString();
    talk.emit({ kind: 'invite', mode, link: this.link, expiresAt });
    return await ended;
  }

  async join(_params: CallParams<'join'>, talk: CallTalk<'join'>): Promise<PeerView> {
    return await this.#begin(talk);
  }

  /** Whether the page has gone away from the last one. */
  get isOver(): boolean {
    return this.#talk?.signal.aborted ?? true;
  }

  emit(event: PairingEvent): void {
    this.#talk?.emit(event);
  }

  /** Both sides show these digits now; the page's verdict is put into `inputs`. */
  compare(digits: string, peerName: string = LAPTOP.name): void {
    this.emit({ kind: 'compare', digits, peer: LAPTOP.id, peerName });
    this.want();
  }

  /** Asks the page for its next input. */
  want(): void {
    void this.#talk?.nextInput().then(
      (input) => this.inputs.push(input),
      () => undefined,
    );
  }

  succeed(peer: PeerView = LAPTOP): void {
    this.#end?.resolve(peer);
  }

  fail(cause: Error): void {
    this.#end?.reject(cause);
  }

  #begin(talk: Talk): Promise<PeerView> {
    this.#talk = talk;
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
      talk.signal.addEventListener('abort', () => reject(toError(talk.signal.reason)), {
        once: true,
      });
    });
  }
}
