/**
 * Socket ids: the device with the larger device id uses odd ids, the other even ones; each counts
 * up, and an id is never used twice in a session.
 *
 * Invariant of the ledger: it knows for every id of the peer whether it was ever seen, in memory
 * bounded by `SKIPPED_IDS_MAX`.
 */
import { SKIPPED_IDS_MAX } from '../../shared/limits.ts';
import { portholeError } from '../../shared/errors.ts';
import { protocolViolation } from './frame.ts';

export type IdParity = 'odd' | 'even';

const ID_STEP = 2;
const ID_MAX = 0xffff_ffff;

/** Whose id it is; id 0 belongs to the session itself. */
export function parityOf(id: number): IdParity {
  return (id & 1) === 1 ? 'odd' : 'even';
}

function firstId(parity: IdParity): number {
  return parity === 'odd' ? 1 : 2;
}

/** Hands out this side's ids. */
export class IdSequence {
  #next: number;

  constructor(parity: IdParity) {
    this.#next = firstId(parity);
  }

  /** Throws `E_SOCKET_LIMIT` when a session has used up its two thousand million ids. */
  take(): number {
    if (this.#next > ID_MAX) throw portholeError('E_SOCKET_LIMIT');
    const id = this.#next;
    this.#next += ID_STEP;
    return id;
  }

  /** Whether this id was handed out. */
  wasTaken(id: number): boolean {
    return id < this.#next;
  }
}

/** Remembers which of the peer's ids were seen: a watermark, and the ids below it still missing. */
export class SeenIds {
  #next: number;
  readonly #missing = new Set<number>();

  constructor(parity: IdParity) {
    this.#next = firstId(parity);
  }

  wasSeen(id: number): boolean {
    return id < this.#next && !this.#missing.has(id);
  }

  /** Throws `E_PROTOCOL` when the peer leaves too many ids out. */
  markSeen(id: number): void {
    if (id < this.#next) {
      this.#missing.delete(id);
      return;
    }
    const skipped = (id - this.#next) / ID_STEP;
    if (this.#missing.size + skipped > SKIPPED_IDS_MAX)
      throw protocolViolation('too many skipped ids');
    for (let gap = this.#next; gap < id; gap += ID_STEP) this.#missing.add(gap);
    this.#next = id + ID_STEP;
  }
}
