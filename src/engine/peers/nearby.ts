/**
 * Where one peer is said to be on the local network, for the calls to it.
 *
 * Invariant: hints only, at most LAN_ENDPOINTS_MAX, the newest; none is looked for after `stop()`,
 * and none is kept after `forget()`.
 */
import { LAN_ENDPOINTS_MAX } from '../../shared/limits.ts';
import { endpointUrl } from '../signaling/endpoint.ts';
import type { Endpoint } from '../signaling/endpoint.ts';

export interface NearbyOptions {
  /** Looks for the peer until the function returned is called. */
  readonly seek: (found: (endpoint: Endpoint) => void) => () => void;
  /** The peer is said to be somewhere it was not before. */
  readonly onFound: () => void;
}

export class Nearby {
  readonly #options: NearbyOptions;
  readonly #found = new Map<string, Endpoint>();
  #stop: (() => void) | undefined;

  constructor(options: NearbyOptions) {
    this.#options = options;
  }

  get endpoints(): readonly Endpoint[] {
    return [...this.#found.values()];
  }

  /** Looks from now on. */
  start(): void {
    this.#stop ??= this.#options.seek((endpoint) => this.#onEndpoint(endpoint));
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** The network is another one. */
  forget(): void {
    this.#found.clear();
  }

  #onEndpoint(endpoint: Endpoint): void {
    const url = endpointUrl(endpoint);
    const isNew = !this.#found.delete(url);
    this.#found.set(url, endpoint);
    const [oldest] = this.#found.keys();
    if (this.#found.size > LAN_ENDPOINTS_MAX && oldest !== undefined) this.#found.delete(oldest);
    if (isNew) this.#options.onFound();
  }
}
