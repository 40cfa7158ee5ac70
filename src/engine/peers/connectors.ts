/**
 * All attempts at a DataChannel of one engine.
 *
 * Invariant: after `close()` none is left, and none begins.
 */
import type { Clock } from '../../shared/clock.ts';
import { portholeError } from '../../shared/errors.ts';
import { DataChannelConnector } from '../carrier/datachannel.ts';
import type { DataChannelOptions } from '../carrier/datachannel.ts';

export interface ConnectorsOptions {
  readonly clock: Clock;
  /** STUN servers, `stun:host:port`. */
  readonly iceServers: readonly string[];
}

export class Connectors {
  readonly #options: ConnectorsOptions;
  readonly #open = new Set<DataChannelConnector>();
  #state: 'open' | 'closed' = 'open';

  constructor(options: ConnectorsOptions) {
    this.#options = options;
  }

  /** Begins an attempt. Whoever gets it closes it, unless its carrier opened. Throws E_UNREACHABLE after `close()`. */
  create(role: DataChannelOptions['role'], exchange: 'live' | 'by-hand'): DataChannelConnector {
    if (this.#state === 'closed')
      throw portholeError('E_UNREACHABLE', { reason: 'it was stopped' });
    const connector = new DataChannelConnector({ ...this.#options, role, exchange });
    this.#open.add(connector);
    const forget = (): boolean => this.#open.delete(connector);
    connector.opened.then(forget, forget);
    return connector;
  }

  close(): void {
    this.#state = 'closed';
    for (const connector of this.#open) connector.close();
    this.#open.clear();
  }
}
