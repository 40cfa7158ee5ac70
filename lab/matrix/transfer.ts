/**
 * One stream of seeded bytes over an emulated line, from its first network to its second: by TCP
 * itself, or by TCP through a real `porthole share` and `porthole join`.
 *
 * Invariant: what was started for a transfer is gone when it is done; the line is the caller's.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endCommands, linkOf } from '../../test/support/command.ts';
import { Home, removeHomes } from '../../test/support/home.ts';
import type { Network } from '../../test/support/networks.ts';
import { Child } from '../../test/support/processes.ts';
import type { EmulatedPair } from '../emulator/emulated-link.ts';
import type { Box, Taken, Wish } from './stream-end.ts';

const STREAM_END = fileURLToPath(new URL('stream-end.ts', import.meta.url));
const LOOPBACK = '127.0.0.1';
/** Starting a process and opening a connection, beside the time of the box. */
const MARGIN_MS = 30_000;
/** The shortest transfer takes several times as long. */
const LOOK_EVERY_MS = 100;

/** A line carries TCP by the rules everybody knows, with buffers that hold what it holds. */
async function useCubic({ networks }: EmulatedPair): Promise<void> {
  for (const network of networks) {
    // By route: a namespace may not choose what its machine does not allow to users.
    const [route = ''] = (await network.run('ip', 'route', 'show', 'dev', 'line')).split('\n');
    await network.run('ip', 'route', 'change', ...words(route), 'dev', 'line', 'congctl', 'cubic');
    await network.run(
      'sysctl',
      '-qw',
      'net.ipv4.tcp_wmem=4096 65536 33554432',
      'net.ipv4.tcp_rmem=4096 131072 33554432',
    );
  }
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** TCP straight over the line. Throws when it did not go by `cubic` after all. */
export async function rawTransfer(pair: EmulatedPair, wish: Wish): Promise<Taken> {
  const [from, to] = pair.networks;
  const [address] = pair.addresses;
  await useCubic(pair);
  const server = startEnd(from, ['serve', address]);
  try {
    const port = await portOf(server);
    const taking = take(to, { host: address, port }, wish);
    const looking = rulesOf(taking, { network: from, port });
    const [taken, rules] = await Promise.all([taking, looking]);
    if (rules !== 'cubic') throw new Error(`TCP goes by ${rules ?? 'unknown rules'}, not cubic`);
    return taken;
  } finally {
    await server.stop('SIGKILL');
  }
}

/** What the kernel says of the connection from `port`, looked at until it is there. */
async function rulesOf(
  taking: Promise<Taken>,
  { network, port }: { readonly network: Network; readonly port: number },
): Promise<string | undefined> {
  const over = taking.then(() => 'over' as const);
  for (;;) {
    const told = await network.run('ss', '-tin', 'state', 'established', `sport = :${port}`);
    const [, rules] = /\n\t\s*(\w+) /.exec(told) ?? [];
    if (rules !== undefined) return rules;
    const next = await Promise.race([over, delay(LOOK_EVERY_MS, 'look' as const)]);
    if (next === 'over') return undefined;
  }
}

/** The same through Porthole: its own packets are all that goes over the line. */
export async function portholeTransfer(pair: EmulatedPair, wish: Wish): Promise<Taken> {
  const [from, to] = pair.networks;
  const server = startEnd(from, ['serve', LOOPBACK]);
  try {
    const port = await forward(pair, await portOf(server));
    return await take(to, { host: LOOPBACK, port }, wish);
  } finally {
    await endCommands();
    removeHomes();
    await server.stop('SIGKILL');
  }
}

/** Shares a port of the first network with the second; resolves with the port it has there. */
async function forward(pair: EmulatedPair, port: number): Promise<number> {
  const [from, to] = pair.networks;
  const [sharer, joiner] = [new Home('sharer'), new Home('joiner')];
  const share = sharer.script(['share', String(port), '--invite', '--trust-invite'], from);
  const link = await linkOf(share);
  const join = joiner.script(['join', '--trust-invite'], to);
  join.writeLine(link);
  const { local } = await join.event('forward');
  return Number(String(local).split(':').at(-1));
}

function startEnd(network: Network, args: readonly string[]): Child {
  const line = [process.execPath, '--import', 'tsx', STREAM_END, ...args];
  const [command, ...rest] = [...network.behind, ...line] as const;
  return Child.start({ name: `stream-end ${args[0]}`, command, args: rest });
}

async function portOf(server: Child): Promise<number> {
  return Number((await server.event('listening'))['port']);
}

async function take(
  network: Network,
  { host, port }: { readonly host: string; readonly port: number },
  wish: Wish,
): Promise<Taken> {
  const child = startEnd(network, ['take', host, String(port), JSON.stringify(wish)]);
  try {
    const taken = await child.event('taken', undefined, boxMs(wish.box) + MARGIN_MS);
    return taken as unknown as Taken;
  } finally {
    await child.stop('SIGKILL');
  }
}

function boxMs(box: Box): number {
  return box.kind === 'time' ? box.warmUpMs + box.ms : box.limitMs;
}
