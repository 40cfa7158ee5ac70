/**
 * All attempts at a DataChannel of one engine, and the servers that help them.
 *
 * Invariant: after `close()` none is left, and none begins.
 */
import type { Clock } from '../../shared/clock.ts';
import { PortholeError, portholeError, toError } from '../../shared/errors.ts';
import { DataChannelConnector } from '../carrier/datachannel.ts';
import type { DataChannelOptions } from '../carrier/datachannel.ts';
import type { IceServer } from '../carrier/ice-server.ts';
import { LiveServers } from '../carrier/live-servers.ts';

export interface ConnectorsOptions {
  readonly clock: Clock;
  readonly iceServers: readonly IceServer[];
}

export class Connectors {
  readonly #clock: Clock;
  readonly #servers: LiveServers;
  readonly #open = new Set<DataChannelConnector>();
  #state: 'open' | 'closed' = 'open';

  constructor({ clock, iceServers }: ConnectorsOptions) {
    this.#clock = clock;
    this.#servers = new LiveServers({ clock, servers: iceServers });
  }

  /** Finds out which servers answer, on what may be another network than before. */
  refresh(): void {
    this.#servers.refresh('forget');
  }

  /** Resolves when it is known which servers answer, or after STUN_PATIENCE_MS. Before an offerer is created and before an answerer accepts. */
  async prepared(): Promise<void> {
    await this.#servers.settled();
  }

  /** Begins an attempt. Whoever gets it closes it, unless its carrier opened. Throws E_UNREACHABLE after `close()`. */
  create(
    role: DataChannelOptions['role'],
    exchange: 'live' | 'by-hand',
    path: 'near' | 'far' = 'near',
  ): DataChannelConnector {
    if (this.#state === 'closed')
      throw portholeError('E_UNREACHABLE', { reason: 'it was stopped' });
    const connector = new DataChannelConnector({
      clock: this.#clock,
      iceServers: () => this.#servers.usable(),
      role,
      exchange,
      path,
    });
    this.#open.add(connector);
    const forget = (): boolean => this.#open.delete(connector);
    connector.opened.then(forget, forget);
    return connector;
  }

  /**
   * The failure of an attempt, in words that help: E_UDP_BLOCKED in place of E_UNREACHABLE where the
   * other end was met, no way was found, and no server answers by UDP either.
   */
  explain(thrown: unknown, attempt: Pick<DataChannelConnector, 'wasAnswered'>): Error {
    const error = toError(thrown);
    const isUnreachable = error instanceof PortholeError && error.code === 'E_UNREACHABLE';
    const isBlocked = isUnreachable && attempt.wasAnswered && this.#servers.udp === 'silent';
    return isBlocked && this.#state === 'open'
      ? portholeError('E_UDP_BLOCKED', undefined, { cause: error })
      : error;
  }

  close(): void {
    this.#state = 'closed';
    this.#servers.close();
    for (const connector of this.#open) connector.close();
    this.#open.clear();
  }
}
