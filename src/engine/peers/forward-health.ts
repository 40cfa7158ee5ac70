/**
 * Tells when a peer says that nothing answers at the target of a forward, and when something does
 * again.
 *
 * Invariant: each change is told once; a link that comes or goes is none.
 */
import type { EngineEvent } from '../../shared/contract.ts';
import type { ForwardState } from '../service/forward-set.ts';

/** See the module header. */
export class ForwardHealth {
  readonly #emit: (event: EngineEvent) => void;
  /** Ids of shares. */
  readonly #down = new Set<string>();

  constructor(emit: (event: EngineEvent) => void) {
    this.#emit = emit;
  }

  /** Compares with what was known before. */
  look(forwards: readonly ForwardState[], peerName: string): void {
    // What is not offered any more is not remembered: a peer can make up any number of shares.
    for (const share of this.#down) {
      if (!forwards.some((forward) => forward.share === share)) this.#down.delete(share);
    }
    for (const { share, name, sharedPort, state, down } of forwards) {
      if (state === 'waiting' || down === this.#down.has(share)) continue;
      if (down) this.#down.add(share);
      else this.#down.delete(share);
      const text = sentence({ target: `${peerName}’s port ${sharedPort}`, name, down });
      this.#emit({ kind: 'notice', level: down ? 'warn' : 'info', code: '', text });
    }
  }
}

/** For the computer that asks; that of the target has its own. */
function sentence(of: { target: string; name: string; down: boolean }): string {
  const { target, name, down } = of;
  if (!down) return `${target} ("${name}") answers again.`;
  return `Nothing answers on ${target}. Start the app there; connections are tried all the same.`;
}
