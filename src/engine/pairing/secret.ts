/**
 * A wrapper for key material, so that it cannot be printed by accident.
 *
 * Invariant: whatever turns this object into text (String, JSON, console, util.inspect, an error
 * message) gets "[secret]"; the bytes come out only where `reveal()` is written.
 */

const MASK = '[secret]';

/** Bytes nobody may see; see the module header. */
export class Secret {
  readonly #bytes: Uint8Array;

  /** Keeps its own copy of `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
  }

  /** The bytes themselves: only for cryptography and for the link a person asked for. */
  reveal(): Uint8Array {
    return this.#bytes;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK;
  }
}
