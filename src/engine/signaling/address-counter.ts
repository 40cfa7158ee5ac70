/**
 * Counts connections by where they come from. A whole IPv6 /64 counts as one address: it is the
 * smallest block a provider hands to a customer, who could otherwise come from any address in it.
 *
 * Invariant: an address with no connection takes no memory.
 */

/** See the module header. */
export class AddressCounter {
  readonly #max: number;
  readonly #counts = new Map<string, number>();
  #total = 0;

  /** `max` connections per address. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Connections counted, from all addresses. */
  get total(): number {
    return this.#total;
  }

  /** Whether `address` has its fill. */
  stateOf(address: string): 'free' | 'full' {
    return (this.#counts.get(blockOf(address)) ?? 0) < this.#max ? 'free' : 'full';
  }

  /** Counts one more from `address`, unless it has its fill. */
  add(address: string): 'added' | 'full' {
    if (this.stateOf(address) === 'full') return 'full';
    const key = blockOf(address);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#total++;
    return 'added';
  }

  /** Takes one back that was added. */
  remove(address: string): void {
    const key = blockOf(address);
    const count = this.#counts.get(key) ?? 0;
    if (count === 0) return;
    if (count === 1) this.#counts.delete(key);
    else this.#counts.set(key, count - 1);
    this.#total--;
  }
}

function blockOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [left = '', right] = address.split('::');
  const groups = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const gap = right === undefined ? 0 : 8 - groups.length - tail.length;
  const zeros = Array.from({ length: Math.max(0, gap) }, () => '0');
  return [...groups, ...zeros, ...tail].slice(0, 4).join(':');
}
