/**
 * What this device shares. A peer names a share by its id, never a host or a port.
 *
 * Invariant: an id that is not in the book cannot be told from one the peer may not use.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { isLoopback } from '../../shared/target.ts';
import type { Target } from '../../shared/target.ts';
import type { SharedService } from '../link/link.ts';
import type { DialAttempt, Dialer, DialOutcome } from '../tunnel/dialer.ts';
import { dialTarget } from './dial-target.ts';

/** 128 random bits: beyond guessing. */
const SHARE_ID_BYTES = 16;

export interface Share {
  /** Hexadecimal, for people and scripts. */
  readonly id: string;
  readonly name: string;
  readonly target: Target;
}

export class ShareBook implements Dialer {
  readonly #clock: Clock;
  readonly #shares = new Map<string, Share>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a share under a new random id. */
  add(name: string, target: Target): Share {
    const share: Share = { id: randomBytes(SHARE_ID_BYTES).toString('hex'), name, target };
    this.#shares.set(share.id, share);
    return share;
  }

  /** The list as a peer may see it. */
  announced(): SharedService[] {
    return [...this.#shares.values()].map(({ id, name, target }) => ({
      id: Buffer.from(id, 'hex'),
      name,
      port: target.port,
      loopback: isLoopback(target),
    }));
  }

  dial(shareId: Uint8Array, outcome: DialOutcome): DialAttempt | 'not-allowed' {
    const share = this.#shares.get(Buffer.from(shareId).toString('hex'));
    return share === undefined ? 'not-allowed' : dialTarget(share.target, outcome, this.#clock);
  }
}
