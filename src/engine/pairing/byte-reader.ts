/**
 * Reads big-endian fields from bytes a stranger sent.
 *
 * Invariant: nothing is read beyond the end; a field that is not there is `undefined`, and so is
 * every field after it.
 */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A cursor over bytes; see the module header. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Uint8Array | undefined {
    if (length > this.left) {
      this.#at = this.#bytes.length;
      return undefined;
    }
    this.#at += length;
    return Uint8Array.from(this.#bytes.subarray(this.#at - length, this.#at));
  }

  u8(): number | undefined {
    return this.#number(1);
  }

  u16(): number | undefined {
    return this.#number(2);
  }

  u32(): number | undefined {
    return this.#number(4);
  }

  /** UTF-8 behind its length u8; `undefined` also if that is above `maxBytes` or it is no UTF-8. */
  text(maxBytes: number): string | undefined {
    const length = this.u8();
    if (length === undefined || length > maxBytes) return undefined;
    const bytes = this.bytes(length);
    try {
      return bytes === undefined ? undefined : utf8.decode(bytes);
    } catch {
      return undefined;
    }
  }

  #number(length: number): number | undefined {
    return this.bytes(length)?.reduce((value, byte) => value * 256 + byte, 0);
  }
}
