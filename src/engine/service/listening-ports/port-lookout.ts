/**
 * Looks for listening ports for everybody who asks.
 *
 * Invariant: at most one look at a time, and none sooner than LISTENING_FRESH_MS behind the end of the
 * last: it costs milliseconds for every hundred descriptors of this user.
 */
import type { Clock } from '../../../shared/clock.ts';
import { LISTENING_FRESH_MS } from '../../../shared/limits.ts';
import type { ListeningPort } from './listening-port.ts';
import { listeningPorts } from './listening-ports.ts';

interface Look {
  readonly ports: Promise<ListeningPort[]>;
  /** Of its end; while it goes on, never. */
  freshUntil: number;
}

export class PortLookout {
  readonly #clock: Clock;
  readonly #ownPorts: () => ReadonlySet<number>;
  readonly #end = new AbortController();
  #last: Look | undefined;

  /** `ownPorts`: left out. */
  constructor(clock: Clock, ownPorts: () => ReadonlySet<number>) {
    this.#clock = clock;
    this.#ownPorts = ownPorts;
  }

  /** Rejects with E_PORTS_UNREADABLE. */
  look(): Promise<ListeningPort[]> {
    if (this.#last === undefined || this.#clock.now() > this.#last.freshUntil)
      this.#last = this.#begin();
    return this.#last.ports;
  }

  /** Ends a look that goes on. */
  close(): void {
    this.#end.abort(new Error('closed'));
  }

  #begin(): Look {
    const ports = listeningPorts({ except: this.#ownPorts(), signal: this.#end.signal });
    const look: Look = { ports, freshUntil: Number.POSITIVE_INFINITY };
    const onEnd = (): void => {
      look.freshUntil = this.#clock.now() + LISTENING_FRESH_MS;
    };
    ports.then(onEnd, onEnd);
    return look;
  }
}
