/**
 * Networks of the kernel's own making: one with nothing but the loopback interface, and two
 * computers on one cable. Needs Linux and root.
 *
 * Invariant: a namespace lives as long as the process that holds it, and that one ends with this
 * one's end of its pipe; the cable goes with the namespaces.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Command, endCommands, linkOf } from '../support/command.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { Child } from '../support/processes.ts';
import { needs, runProgram } from '../support/programs.ts';
import { pythonDigest } from '../support/python.ts';
import { fileURLToPath } from 'node:url';

const SHARE = ['--invite', '--trust-invite'];
const JOIN = ['join', '--trust-invite', '--json'];
const PEER = fileURLToPath(new URL('../support/tcp-peer.py', import.meta.url));
/** TEST-NET-2 (RFC 5737): nobody's addresses. */
const SHARER = '198.51.100.1';
const JOINER = '198.51.100.2';
/** Free in a network of its own. */
const LOCAL = '4000';
const SEED = 7;
const BYTES = 8 * 1_048_576;

/** A network namespace with its loopback interface up. */
class Network {
  /** What a command stands behind to run in it. */
  readonly behind: readonly [string, ...string[]];
  readonly #holder: Child;

  private constructor(holder: Child) {
    this.#holder = holder;
    this.behind = ['nsenter', `--net=/proc/${holder.pid}/ns/net`, '--'];
  }

  static async start(): Promise<Network> {
    const script = 'ip link set lo up && echo ready && exec cat';
    const args = ['-n', 'sh', '-c', script];
    const holder = Child.start({ name: 'a network', command: 'unshare', args });
    await holder.printed(/^ready$/);
    return new Network(holder);
  }

  get pid(): number {
    return this.#holder.pid;
  }

  async run(...command: readonly string[]): Promise<string> {
    const [program, ...args] = [...this.behind, ...command];
    const { code, stdout, stderr } = await runProgram(program, args);
    if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** A TCP peer inside (tcp-peer.py). */
  async peer(): Promise<{ readonly child: Child; readonly port: number }> {
    const [command, ...args] = [...this.behind, 'python3', '-u', PEER];
    const child = Child.start({ name: 'a TCP peer', command, args });
    peers.push(child);
    const { port } = await child.event('listening');
    return { child, port: Number(port) };
  }

  async stop(): Promise<void> {
    this.#holder.endInput();
    await this.#holder.stop('SIGKILL');
  }
}

const tools = needs('unshare', 'nsenter', 'ip', 'python3');
const isRoot = process.getuid?.() === 0;
const canMake = isRoot && !tools.missing && (await canMakeNetwork());
if (!canMake) {
  console.warn('\n*** NOT TESTED: making networks needs root on Linux, unshare, nsenter, ip ***\n');
}
const note = canMake ? '' : ` (SKIPPED: ${tools.note || 'no root, or no right to make networks'})`;

async function canMakeNetwork(): Promise<boolean> {
  return (await runProgram('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up'])).code === 0;
}

let expectNothingLeft: () => Promise<void>;
const networks: Network[] = [];
const peers: Child[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  await endCommands();
  await Promise.all(peers.splice(0).map(async (peer) => peer.stop('SIGKILL')));
  await Promise.all(networks.splice(0).map(async (network) => network.stop()));
});
afterAll(async () => expectNothingLeft());

async function startNetwork(): Promise<Network> {
  const network = await Network.start();
  networks.push(network);
  return network;
}

async function startPair(from: Network, to: Network) {
  const target = await from.peer();
  const sharing = Command.start(['share', String(target.port), ...SHARE, '--json'], from);
  // Looking whether the target's own port is free here would be a connection to it.
  const joined = Command.start([...JOIN, '--local', LOCAL], to);
  joined.writeLine(await linkOf(sharing));
  const { local } = await joined.event('forward');
  const port = Number(String(local).split(':')[1]);
  return { target: target.child, sharing, joined, port };
}

/** A look at whether the target answers is a connection too, without a byte: not the one meant. */
async function nextTransfer(target: Child): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    target.writeLine(JSON.stringify({ job: 1, role: 'server', steps: [['recv-all'], ['close']] }));
    const { reports } = await target.event('done');
    const [report] = reports as readonly Readonly<Record<string, unknown>>[];
    if (report !== undefined && report['bytes'] !== 0) return report;
  }
}

/** Sends BYTES through the forward at `port` of `network`, and judges what arrived at `target`. */
async function expectTransfer(network: Network, port: number, target: Child): Promise<void> {
  const client = await network.peer();
  const arrived = nextTransfer(target);
  const steps = [['send', SEED, BYTES], ['fin'], ['recv-all']];
  client.child.writeLine(JSON.stringify({ job: 1, role: 'client', port, steps }));
  const digest = pythonDigest(SEED, BYTES);
  expect(await arrived).toMatchObject({ bytes: BYTES, sha256: digest, ending: 'eof' });
  const { reports: own } = await client.child.event('done');
  expect(own).toMatchObject([{ ending: 'open' }, {}, { bytes: 0, ending: 'eof' }]);
}

/** A veth pair between two namespaces; the name of each end is the same, they never meet. */
async function connect(one: Network, other: Network): Promise<void> {
  const ends = ['name', 'cable', 'netns', String(one.pid), 'type', 'veth'];
  const far = ['peer', 'name', 'cable', 'netns', String(other.pid)];
  await one.run('ip', 'link', 'add', ...ends, ...far);
  for (const [network, address] of [
    [one, SHARER],
    [other, JOINER],
  ] as const) {
    await network.run('ip', 'address', 'add', `${address}/24`, 'dev', 'cable');
    await network.run('ip', 'link', 'set', 'cable', 'up');
  }
}

async function received(network: Network): Promise<number> {
  return Number(
    await network.run('cat', '/proc/net/dev').then((text) => /cable: *(\d+)/.exec(text)?.[1]),
  );
}

describe('nothing but the loopback interface', () => {
  test.skipIf(!canMake)(`the demo works${note}`, async () => {
    const command = Command.start(['demo', '--seconds', '0', '--json'], await startNetwork());
    const { code } = await command.end(50_000);
    expect(command.events().map(({ event }) => event)).toStrictEqual(['forward', 'demo']);
    expect(code).toBe(0);
  });

  test.skipIf(!canMake)(`share and join work${note}`, async () => {
    const network = await startNetwork();
    const { target, port, joined, sharing } = await startPair(network, network);
    await expectTransfer(network, port, target);
    expect((await joined.endBy('SIGINT')).code).toBe(0);
    expect((await sharing.endBy('SIGINT')).code).toBe(0);
  });
});

describe('two computers on one cable', () => {
  test.skipIf(!canMake)(`they pair and transfer over it${note}`, async () => {
    const [one, other] = [await startNetwork(), await startNetwork()];
    await connect(one, other);
    const { target, port, joined, sharing } = await startPair(one, other);
    const before = await received(one);
    await expectTransfer(other, port, target);
    expect((await received(one)) - before).toBeGreaterThan(BYTES);
    expect((await joined.endBy('SIGTERM')).code).toBe(0);
    await sharing.eventWith('link', { state: 'closed' });
  });

  test.skipIf(!canMake)(
    `the cable is pulled, and plugged in again: they are back by themselves${note}`,
    async () => {
      const [one, other] = [await startNetwork(), await startNetwork()];
      await connect(one, other);
      const { target, port, joined, sharing } = await startPair(one, other);
      await one.run('ip', 'link', 'delete', 'cable');
      await joined.eventWith('link', { state: 'held' });
      await sharing.eventWith('link', { state: 'held' });
      await connect(one, other);
      await joined.eventWith('link', { state: 'up' }, 2);
      await expectTransfer(other, port, target);
    },
  );
});
