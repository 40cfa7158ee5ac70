/**
 * Which pairings wait for a person to compare the numbers, whoever made the call: the page, the tray
 * or a command. No event of the engine says so, for only the caller of a pairing is told of it; so the
 * handlers that answer all calls are wrapped.
 *
 * Invariant: a request waits from its numbers to the verdict, or to the end of the call. What is said
 * in the call is passed on unchanged.
 */
import type { CallTalk, EngineHandlers } from '../../shared/calls/api.ts';
import type { PairingEvent } from '../../shared/contract.ts';

export interface PairingRequest {
  /** Of the call; no two have the same. */
  readonly id: number;
  /** Short device id. */
  readonly peer: string;
  /** As the other device calls itself. */
  readonly peerName: string;
}

export interface PairingListener {
  onRequest(request: PairingRequest): void;
  /** It was answered, or is over. */
  onOver(request: PairingRequest): void;
}

type PairingName = 'invite' | 'join';

export class PairingWatch {
  readonly #listeners = new Set<PairingListener>();
  readonly #waiting = new Map<number, PairingRequest>();
  #nextId = 1;

  /** How many wait for a person. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Returns how to stop listening. */
  subscribe(listener: PairingListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** `handlers`, watched. */
  watch(handlers: EngineHandlers): EngineHandlers {
    return {
      ...handlers,
      invite: (params, talk) => this.#follow(talk, (watched) => handlers.invite(params, watched)),
      join: (params, talk) => this.#follow(talk, (watched) => handlers.join(params, watched)),
    };
  }

  async #follow<Name extends PairingName, Result>(
    talk: CallTalk<Name>,
    answer: (watched: CallTalk<Name>) => Promise<Result>,
  ): Promise<Result> {
    const id = this.#nextId++;
    const watched: CallTalk<Name> = {
      signal: talk.signal,
      emit: (event) => {
        this.#onEvent(id, event);
        talk.emit(event);
      },
      nextInput: async () => {
        const input = await talk.nextInput();
        this.#over(id);
        return input;
      },
    };
    return await answer(watched).finally(() => this.#over(id));
  }

  #onEvent(id: number, event: PairingEvent): void {
    if (event.kind !== 'compare') return;
    const request = { id, peer: event.peer, peerName: event.peerName };
    this.#waiting.set(id, request);
    for (const listener of this.#listeners) listener.onRequest(request);
  }

  #over(id: number): void {
    const request = this.#waiting.get(id);
    if (request === undefined) return;
    this.#waiting.delete(id);
    for (const listener of this.#listeners) listener.onOver(request);
  }
}
