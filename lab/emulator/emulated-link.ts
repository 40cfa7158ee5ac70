/**
 * Two networks joined by the link emulator (link.c): how the line behaves is said at the start and
 * can be changed at any time, down to a cut cable.
 *
 * Invariant: one command at a time is with the emulator, which ends with `stop()` and at the latest
 * with this process; the networks belong to the caller.
 */
import { existsSync } from 'node:fs';
import { canMakeNetworks, Network } from '../../test/support/networks.ts';
import type { Ability } from '../../test/support/networks.ts';
import { Child } from '../../test/support/processes.ts';
import type { ChildEvent } from '../../test/support/processes.ts';
import { needs } from '../../test/support/programs.ts';
import { withEmulator } from './compile.ts';

/** The bytes of an Ethernet frame's payload, and what nearly every path of the internet takes. */
const MTU_BYTES = 1500;
/** The kernel keeps that many packets when the emulator does not get a processor; judged all the same. */
const DEVICE_QUEUE_PACKETS = 10_000;

/** What a direction of a line does to packets. */
export interface Conditions {
  /** One way. */
  readonly delayMs: number;
  /** The delay moves by up to this, up and down, without reordering; at most `delayMs`. */
  readonly jitterMs: number;
  /** Shares of all packets, 0 to 1. */
  readonly loss: number;
  readonly dup: number;
  readonly reorder: number;
  /** Packets to be reordered are late by up to this. */
  readonly reorderByMs: number;
  /** 0 for no bottleneck. */
  readonly bitsPerSecond: number;
  /** What waits for the bottleneck; more is dropped at the tail. */
  readonly queueBytes: number;
}

type Way = 'a->b' | 'b->a' | 'both';

/** Packets of one direction. */
interface WayStatistics {
  /** Given to the line. */
  readonly sent: number;
  readonly delivered: number;
  readonly deliveredBytes: number;
  readonly lost: number;
  readonly dup: number;
  readonly reordered: number;
  /** Found the queue full. */
  readonly dropped: number;
  /** Were on the line, or given to it, while it was cut. */
  readonly cut: number;
  /** Not taken by the kernel at the other end. */
  readonly refused: number;
}

interface LinkStatistics {
  readonly 'a->b': WayStatistics;
  readonly 'b->a': WayStatistics;
}

export interface EmulatedLinkOptions {
  readonly seed: number;
  /** Of both directions. @default a line that does nothing to packets */
  readonly conditions?: Partial<Conditions>;
  /** @default 1500 */
  readonly mtuBytes?: number;
  /** The interface's name in both networks. @default 'line' */
  readonly device?: string;
  /** The ends' addresses with their subnet. @default two of TEST-NET-2 (RFC 5737) */
  readonly addresses?: readonly [string, string];
}

/** How link.c calls a condition, and in which unit it wants it. */
const KEYS: Readonly<Record<keyof Conditions, readonly [key: string, factor: number]>> = {
  delayMs: ['delay', 1000],
  jitterMs: ['jitter', 1000],
  loss: ['loss', 1],
  dup: ['dup', 1],
  reorder: ['reorder', 1],
  reorderByMs: ['reorder-by', 1000],
  bitsPerSecond: ['rate', 1],
  queueBytes: ['queue', 1],
};

class EmulatedLink {
  readonly #emulator: Child;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(emulator: Child) {
    this.#emulator = emulator;
  }

  /** Joins two networks; resolves when packets pass. */
  static async between(
    networks: readonly [Network, Network],
    options: EmulatedLinkOptions,
  ): Promise<EmulatedLink> {
    const { seed, conditions = {}, device = 'line', mtuBytes = MTU_BYTES } = options;
    const { addresses = ['198.51.100.1/24', '198.51.100.2/24'] } = options;
    const args = [...networks.map(({ pid }) => String(pid)), device, String(seed)];
    const emulator = await withEmulator(async (program) => startEmulator(program, args));
    const link = new EmulatedLink(emulator);
    try {
      await link.set('both', conditions);
      for (const [at, network] of networks.entries()) {
        await bringUp(network, { device, mtuBytes, address: addresses[at] ?? '' });
      }
      return link;
    } catch (thrown) {
      await emulator.stop('SIGKILL');
      throw thrown;
    }
  }

  /** From now on; what is on its way is not changed any more. */
  async set(way: Way, conditions: Partial<Conditions>): Promise<void> {
    const words = Object.entries(conditions).flatMap(([name, value]) => {
      const [key, factor] = KEYS[name as keyof Conditions];
      return [key, String(value * factor)];
    });
    await this.#ask(['set', way, ...words].join(' '), 'done');
  }

  /** Cuts the line: nothing arrives any more, nor what is on its way; the interfaces do not notice. */
  async cut(): Promise<void> {
    await this.#ask('down', 'done');
  }

  async mend(): Promise<void> {
    await this.#ask('up', 'done');
  }

  async statistics(): Promise<LinkStatistics> {
    return statisticsOf(await this.#ask('stats', 'stats'));
  }

  /** Takes the line and its interfaces away; resolves with what happened on it. */
  async stop(): Promise<LinkStatistics> {
    await this.#last;
    this.#emulator.endInput();
    const statistics = statisticsOf(await this.#emulator.event('stats'));
    await this.#emulator.exited;
    return statistics;
  }

  async #ask(line: string, answer: string): Promise<ChildEvent> {
    const answered = this.#last.then(async () => {
      this.#emulator.writeLine(line);
      return this.#emulator.event(answer);
    });
    this.#last = answered.catch(() => undefined);
    return answered;
  }
}

/** Resolves when the interfaces are there. */
async function startEmulator(command: string, args: readonly string[]): Promise<Child> {
  const emulator = Child.start({ name: 'the link emulator', command, args });
  try {
    await emulator.event('ready');
    return emulator;
  } catch (thrown) {
    await emulator.stop('SIGKILL');
    throw thrown;
  }
}

function statisticsOf({ 'a->b': forth, 'b->a': back }: ChildEvent): LinkStatistics {
  return { 'a->b': forth as WayStatistics, 'b->a': back as WayStatistics };
}

interface Interface {
  readonly device: string;
  readonly mtuBytes: number;
  readonly address: string;
}

/** No address of the kernel's own making: its packets would take the fate of the ones of a test. */
async function bringUp(network: Network, { device, mtuBytes, address }: Interface): Promise<void> {
  const shape = ['mtu', String(mtuBytes), 'txqueuelen', String(DEVICE_QUEUE_PACKETS)];
  await network.run('ip', 'link', 'set', device, 'addrgenmode', 'none', ...shape);
  await network.run('ip', 'address', 'add', address, 'dev', device);
  await network.run('ip', 'link', 'set', device, 'up');
}

export interface EmulatedPair {
  readonly networks: readonly [Network, Network];
  /** Of the two networks, in their order. */
  readonly addresses: readonly [string, string];
  readonly link: EmulatedLink;
  readonly stop: () => Promise<void>;
}

/** Two new networks and a line between them. */
export async function startEmulatedPair(
  options: Omit<EmulatedLinkOptions, 'addresses'>,
): Promise<EmulatedPair> {
  const networks = [await Network.start(), await Network.start()] as const;
  const stopNetworks = async (): Promise<void> => {
    await Promise.all(networks.map(async (network) => network.stop()));
  };
  try {
    const link = await EmulatedLink.between(networks, options);
    const stop = async (): Promise<void> => {
      try {
        await link.stop();
      } finally {
        await stopNetworks();
      }
    };
    return { networks, addresses: ['198.51.100.1', '198.51.100.2'], link, stop };
  } catch (thrown) {
    await stopNetworks();
    throw thrown;
  }
}

/** Whether lines can be emulated here; then `note` is empty, else why not, said loudly. */
export async function canEmulateLinks(): Promise<Ability> {
  const { missing, note } = needs('gcc', 'sysctl');
  if (missing) return { can: false, note };
  const networks = await canMakeNetworks();
  if (!networks.can) return networks;
  if (existsSync('/dev/net/tun')) return { can: true, note: '' };
  console.warn('\n*** NOT TESTED: emulating a link needs /dev/net/tun ***\n');
  return { can: false, note: ' (SKIPPED: no /dev/net/tun)' };
}
