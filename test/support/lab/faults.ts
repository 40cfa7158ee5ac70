/**
 * What happens to two computers that are connected: cables, addresses, NATs, servers, processes.
 *
 * Invariant: behind `end()` everything is as a person would have it again; `end()` resolves with the
 * time when the fault was over, taken before the command that ends it, if there is one.
 */
import type { LabComputer } from './computer.ts';
import { nowMs } from './time.ts';
import type { Homes, Site } from './places.ts';

export interface Fault {
  start(): Promise<void>;
  /** When it was over (nowMs()). */
  end(): Promise<number>;
}

/** The interface of a computer is down, as with a cable pulled out or Wi-Fi off. */
export function linkDown(site: Site): Fault {
  return {
    start: async () => site.network.unplug(site),
    end: async () => timed(async () => site.network.plugIn(site)),
  };
}

/** A computer in another network: the one address is gone, then there is the other. */
export class AddressChange implements Fault {
  readonly #site: Site;
  #from: string;
  #to: string;

  /** Addresses with their prefix length; the next time it goes back. */
  constructor(site: Site, { from, to }: { readonly from: string; readonly to: string }) {
    this.#site = site;
    this.#from = from;
    this.#to = to;
  }

  async start(): Promise<void> {
    await this.#site.network.removeAddress(this.#site, this.#from);
  }

  async end(): Promise<number> {
    const atMs = await timed(async () => this.#site.network.addAddress(this.#site, this.#to));
    [this.#from, this.#to] = [this.#to, this.#from];
    return atMs;
  }
}

/** The router of a home has forgotten all flows. A hard NAT then takes another port for each. */
export function natForgets({ router }: Site): Fault {
  if (router === undefined) throw new Error('there is no router');
  return {
    start: async () => router.forgetFlows(),
    // Before it is done bytes still come by the old way.
    end: async () => nowMs(),
  };
}

export function rendezvousRestarts(place: Homes): Fault {
  return {
    start: async () => place.stopRendezvous(),
    end: async () => timed(async () => place.startRendezvous()),
  };
}

/** The process stands still, as in a computer that sleeps. */
export function stopped(computer: LabComputer): Fault {
  return {
    start: async () => computer.signal('SIGSTOP'),
    end: async () => timed(async () => computer.signal('SIGCONT')),
  };
}

/** Over when the process is started again: what that takes counts. */
export function killed(computer: LabComputer): Fault {
  return {
    start: async () => computer.down('SIGKILL'),
    end: async () => timed(async () => void computer.start()),
  };
}

async function timed(end: () => Promise<void>): Promise<number> {
  const atMs = nowMs();
  await end();
  return atMs;
}
