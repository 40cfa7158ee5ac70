/**
 * Bytes that depend on a seed and a position alone, and a check of them that names the first wrong
 * byte. Any two places of a stream differ, so bytes lost, doubled or moved are found where they are.
 */
import { seededRandom } from '../../src/shared/random.ts';

/** A prime, so that no power of two (a frame, a buffer, a window) maps the pattern onto itself. */
const PERIOD = 1_048_573;
const SLICE_MAX = 65_536;

/** An endless stream of bytes; `slice` gives views of one block, so sending costs no memory. */
export class SeededBytes {
  readonly seed: number;
  readonly #block = Buffer.alloc(PERIOD + SLICE_MAX);

  constructor(seed: number) {
    this.seed = seed;
    const random = seededRandom(seed);
    for (let at = 0; at < PERIOD; at++) this.#block[at] = random() * 256;
    this.#block.copy(this.#block, PERIOD, 0, SLICE_MAX);
  }

  /** The bytes at `offset`: `length` of them, or fewer (a slice holds at most 64 KiB). */
  slice(offset: number, length: number): Buffer {
    const start = offset % PERIOD;
    return this.#block.subarray(start, start + Math.min(length, SLICE_MAX));
  }

  /** A copy of the first `length` bytes. */
  take(length: number): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at < length; at += SLICE_MAX) parts.push(this.slice(at, length - at));
    return Buffer.concat(parts);
  }
}

/** Compares what arrives with what must arrive; throws at the first byte that differs. */
export class ByteCheck {
  readonly #expected: SeededBytes;
  #received = 0;

  constructor(expected: SeededBytes) {
    this.#expected = expected;
  }

  /** Bytes received so far, all of them right. */
  get received(): number {
    return this.#received;
  }

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const expected = this.#expected.slice(this.#received, chunk.length - at);
      const got = chunk.subarray(at, at + expected.length);
      if (!expected.equals(got)) this.#fail(expected, got);
      at += expected.length;
      this.#received += expected.length;
    }
  }

  #fail(expected: Uint8Array, got: Uint8Array): never {
    const wrong = expected.findIndex((byte, at) => byte !== got[at]);
    throw new Error(
      `byte ${this.#received + wrong} of the stream with seed ${this.#expected.seed} is ${got[wrong]}, not ${expected[wrong]}`,
    );
  }
}

/** The seed of this run, printed so that the run can be repeated: `TEST_SEED=<seed> npx vitest …`. */
export function runSeed(): number {
  const wanted = process.env['TEST_SEED'];
  const seed = wanted === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(wanted);
  console.log(`TEST_SEED=${seed}`);
  return seed;
}
