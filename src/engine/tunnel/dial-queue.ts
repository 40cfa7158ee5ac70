/**
 * The connections to targets that are being opened for one peer: at most `PENDING_DIALS_MAX` at
 * once, the rest in order of arrival.
 *
 * Invariant: every socket that was added and not removed gets exactly one answer.
 */
import { PENDING_DIALS_MAX } from '../../shared/limits.ts';
import type { DialAttempt, Dialer } from './dialer.ts';
import type { TunnelSocket } from './tunnel-socket.ts';

export class DialQueue {
  readonly #dialer: Dialer;
  readonly #waiting = new Map<TunnelSocket, Uint8Array>();
  readonly #attempts = new Map<TunnelSocket, DialAttempt>();

  constructor(dialer: Dialer) {
    this.#dialer = dialer;
  }

  /**
   * Dials for the socket, now or in its turn; `not-allowed` is told at once. What is taken back while
   * it waits is refused in its turn, and is nothing to hold against the peer.
   */
  add(socket: TunnelSocket, shareId: Uint8Array): 'accepted' | 'not-allowed' {
    if (this.#attempts.size < PENDING_DIALS_MAX) return this.#start(socket, shareId);
    if (!this.#dialer.mayDial(shareId)) return 'not-allowed';
    this.#waiting.set(socket, shareId);
    return 'accepted';
  }

  /** Takes out those whose turn has not come; ahead of `remove()`, which gives the next one its turn. */
  dropWaiting(sockets: readonly TunnelSocket[]): void {
    for (const socket of sockets) this.#waiting.delete(socket);
  }

  remove(socket: TunnelSocket): void {
    this.#waiting.delete(socket);
    this.#attempts.get(socket)?.cancel();
    this.#done(socket);
  }

  /** Nobody's turn comes any more; what is being dialed ends with `remove()`. */
  close(): void {
    this.#waiting.clear();
  }

  #start(socket: TunnelSocket, shareId: Uint8Array): 'accepted' | 'not-allowed' {
    const attempt = this.#dialer.dial(shareId, {
      onConnected: (local) => {
        this.#done(socket);
        socket.dialed(local);
      },
      onFailed: (code) => {
        this.#done(socket);
        socket.dialFailed(code);
      },
    });
    if (attempt === 'not-allowed') return 'not-allowed';
    this.#attempts.set(socket, attempt);
    return 'accepted';
  }

  #done(socket: TunnelSocket): void {
    this.#attempts.delete(socket);
    // Those that are refused at once take no slot, so go on until one does.
    while (this.#attempts.size < PENDING_DIALS_MAX) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const [waiting, shareId] = next;
      this.#waiting.delete(waiting);
      if (this.#start(waiting, shareId) === 'not-allowed') waiting.dialFailed('E_NOT_ALLOWED');
    }
  }
}
