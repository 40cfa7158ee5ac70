/**
 * Counts losses on one carrier by what overtakes what: a MARK tells how many bytes were sent before it,
 * and SCTP delivers it, being small, even where a packet before it was lost; the frames of several
 * packets wait for what is missing. So a MARK that finds fewer bytes than it tells of has found a
 * hole.
 *
 * Invariant: what is missing at a time counts as one hole, however many MARKs find it.
 */

/** Both grow for as long as the carrier lives. */
export interface LossCounts {
  /** DATA frames received. */
  readonly frames: number;
  readonly holes: number;
}

export class HoleCounter {
  #frames = 0;
  #holes = 0;
  /** The hole that is open is filled when so many bytes have come. */
  #filledAt = 0;

  get counts(): LossCounts {
    return { frames: this.#frames, holes: this.#holes };
  }

  /** A DATA frame came. */
  onFrame(): void {
    this.#frames += 1;
  }

  /** A MARK came; `received` bytes have. */
  onMark(sent: number, received: number): void {
    if (received >= sent) return;
    if (received >= this.#filledAt) this.#holes += 1;
    this.#filledAt = Math.max(this.#filledAt, sent);
  }
}
