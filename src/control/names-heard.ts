/**
 * Names that the log of this process may hold, for those who take them out of it: also of devices and
 * shares that are gone by now.
 *
 * Invariant: the number of names is bounded; the oldest go first.
 */
import type { DataFolder } from '../engine/store/open-data-folder.ts';
import type { EngineEvent } from '../shared/contract.ts';
import { NAMES_HEARD_MAX } from '../shared/limits.ts';

export class NamesHeard {
  readonly #names = new Set<string>();

  constructor({ peers, shares }: Pick<DataFolder, 'peers' | 'shares'>) {
    // An alias hides the name that the device has itself.
    for (const { name } of [...peers.all(), ...shares.all()]) this.#add(name);
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  onEvent(event: EngineEvent): void {
    if ('peerName' in event) this.#add(event.peerName);
    if ('name' in event) this.#add(event.name);
    if (event.kind !== 'forward') return;
    this.#add(event.forward.peerName);
    this.#add(event.forward.name);
  }

  #add(name: string): void {
    this.#names.add(name);
    const [oldest = ''] = this.#names;
    if (this.#names.size > NAMES_HEARD_MAX) this.#names.delete(oldest);
  }
}
