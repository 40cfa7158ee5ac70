/**
 * Two computers between which no UDP passes, and a TURN server that both reach: a real coturn, in
 * networks of the kernel's own making. Needs Linux, root and coturn.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Command, endCommands, linkOf } from '../support/command.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { canGuardNetworks, Network } from '../support/networks.ts';
import { Child } from '../support/processes.ts';
import { findProgram, needs } from '../support/programs.ts';
import { pythonDigest } from '../support/python.ts';

const PEER = fileURLToPath(new URL('../support/tcp-peer.py', import.meta.url));
/** Of TEST-NET-1 (RFC 5737), on the computer in the middle. */
const TURN = '192.0.2.1';
const PORT = 3478;
const USER = 'somebody';
const PASSWORD = 'an-unmistakable:passw@rd';
const LOCAL = '4000';
const SEED = 7;
const BYTES = 3 * 1_048_576;

vi.setConfig({ testTimeout: 120_000 });

const tools = needs('turnserver', 'python3', 'unshare', 'nsenter', 'ip', 'nft');
const networked = await canGuardNetworks();
const can = networked.can && !tools.missing;
const note = tools.note || networked.note;

let expectNothingLeft: () => Promise<void>;
let folder: string;
const networks: Network[] = [];
const children: Child[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-turn-'));
  writeFileSync(join(folder, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'wrong'), 'another\n', { mode: 0o600 });
});
afterEach(async () => {
  await endCommands();
  await Promise.all(children.splice(0).map(async (child) => child.stop('SIGKILL')));
  await Promise.all(networks.splice(0).map(async (network) => network.stop()));
  rmSync(folder, { recursive: true, force: true });
});
afterAll(async () => expectNothingLeft());

/** Two computers, and one in the middle that passes on what `rule` lets through. */
interface Scene {
  readonly middle: Network;
  readonly ends: readonly [Network, Network];
}

async function startScene(rule: string): Promise<Scene> {
  const three = await Promise.all([Network.start(), Network.start(), Network.start()]);
  networks.push(...three);
  const [middle, ...ends] = three;
  await middle.route();
  await middle.run('ip', 'address', 'add', `${TURN}/32`, 'dev', 'lo');
  for (const [index, end] of ends.entries()) await lay(middle, end, index + 1);
  await middle.run('nft', 'add', 'table', 'ip', 'middle');
  const hook = '{ type filter hook forward priority 0 ; }';
  await middle.run('nft', 'add', 'chain', 'ip', 'middle', 'through', ...hook.split(' '));
  await middle.run('nft', 'add', 'rule', 'ip', 'middle', 'through', ...rule.split(' '));
  return { middle, ends };
}

/** A cable to the middle, which is the way to everywhere. */
async function lay(middle: Network, end: Network, index: number): Promise<void> {
  const name = `way${index}`;
  const near = ['name', name, 'netns', String(middle.pid), 'type', 'veth'];
  const far = ['peer', 'name', name, 'netns', String(end.pid)];
  await middle.run('ip', 'link', 'add', ...near, ...far);
  for (const [network, host] of [
    [middle, 1],
    [end, 2],
  ] as const) {
    await network.run('ip', 'address', 'add', `198.51.100.${16 * index + host}/28`, 'dev', name);
    await network.run('ip', 'link', 'set', name, 'up');
  }
  // Before that it has no network to tell others of.
  const isUp = `until ip -brief link show ${name} | grep -q ' UP '; do sleep 0.02; done`;
  await end.run('sh', '-c', isUp);
  await end.run('ip', 'route', 'add', 'default', 'via', `198.51.100.${16 * index + 1}`);
}

/** coturn does not say when it is ready; its log is buffered. Binding requests (RFC 8489), until one is answered. */
const UNTIL_ANSWERED = `
import socket, sys
request = bytes.fromhex("000100002112a442") + bytes(12)
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(0.2)
for _ in range(100):
    try:
        asking.sendto(request, (sys.argv[1], int(sys.argv[2])))
        if asking.recv(2048): sys.exit(0)
    except OSError:
        pass
sys.exit("no answer")
`;

async function startTurn({ middle }: Scene): Promise<void> {
  const options = [
    ['-n', '--no-cli', '--no-tls', '--no-dtls', '--log-file', 'stdout', '--simple-log'],
    ['--listening-ip', TURN, '--listening-port', String(PORT), '--relay-ip', TURN],
    ['--lt-cred-mech', '--realm', 'porthole', '--user', `${USER}:${PASSWORD}`],
    ['--pidfile', join(folder, 'turn.pid'), '--db', join(folder, 'turn.db')],
  ].flat();
  const turnserver = findProgram('turnserver') ?? 'turnserver';
  const [command, ...args] = [...middle.behind, turnserver, ...options];
  const child = Child.start({ name: 'coturn', command, args });
  children.push(child);
  await middle.run('python3', '-c', UNTIL_ANSWERED, TURN, String(PORT));
}

const relay = (file: string): string[] => [
  '--turn',
  `turn:${USER}@${TURN}:${PORT}`,
  '--turn-password-file',
  join(folder, file),
];

async function startPeer(network: Network): Promise<{ child: Child; port: number }> {
  const [command, ...args] = [...network.behind, 'python3', '-u', PEER];
  const child = Child.start({ name: 'a TCP peer', command, args });
  children.push(child);
  return { child, port: Number((await child.event('listening'))['port']) };
}

interface Two {
  readonly sharing: Command;
  readonly joined: Command;
  readonly target: Child;
}

async function startTwo({ ends }: Scene, there: string[], here: string[]): Promise<Two> {
  const { child: target, port } = await startPeer(ends[0]);
  const trust = ['--trust-invite', '--json'];
  const share = ['share', String(port), '--invite', ...trust, ...there];
  const sharing = Command.start(share, ends[0]);
  const joined = Command.start(['join', '--local', LOCAL, ...trust, ...here], ends[1]);
  joined.writeLine(await linkOf(sharing));
  return { sharing, joined, target };
}

/** A look at whether the target answers is a connection too, without a byte: not the one meant. */
async function arrivedAt(target: Child): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    target.writeLine(JSON.stringify({ job: 1, role: 'server', steps: [['recv-all'], ['close']] }));
    const { reports } = await target.event('done');
    const [report] = reports as readonly Readonly<Record<string, unknown>>[];
    if (report !== undefined && report['bytes'] !== 0) return report;
  }
}

async function expectTransfer({ ends }: Scene, target: Child): Promise<void> {
  const { child } = await startPeer(ends[1]);
  const arrived = arrivedAt(target);
  const steps = [['send', SEED, BYTES], ['fin'], ['recv-all']];
  child.writeLine(JSON.stringify({ job: 1, role: 'client', port: Number(LOCAL), steps }));
  const sha256 = pythonDigest(SEED, BYTES);
  expect(await arrived).toMatchObject({ bytes: BYTES, sha256, ending: 'eof' });
}

const NO_UDP = 'meta l4proto udp drop';

describe('no UDP between two computers', () => {
  test.skipIf(!can).each([
    ['both know the TURN server', true, true],
    ['only the sharing one does', true, false],
    ['only the joining one does', false, true],
  ])(`%s: they connect through it and say so${note}`, async (_who, there, here) => {
    const scene = await startScene(NO_UDP);
    await startTurn(scene);
    const one = there ? relay('password') : [];
    const { sharing, joined, target } = await startTwo(scene, one, here ? relay('password') : []);
    await joined.event('forward');
    expect(await joined.eventWith('link', { state: 'up' })).toMatchObject({ path: 'relayed' });
    expect(await sharing.eventWith('link', { state: 'up' })).toMatchObject({ path: 'relayed' });
    await expectTransfer(scene, target);
    for (const command of [joined, sharing]) {
      const { stdout, stderr } = await command.endBy('SIGTERM');
      expect(`${stdout}${stderr}`).not.toContain('unmistakable');
    }
  });

  test.skipIf(!can)(`and no server that answers: the reason is told${note}`, async () => {
    const scene = await startScene(NO_UDP);
    const stun = ['--stun', `stun:${TURN}:${PORT}`];
    const { joined } = await startTwo(scene, stun, stun);
    const { code, stdout, stderr } = await joined.end(60_000);
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain('E_UDP_BLOCKED');
  });
});

test.skipIf(!can)(`with a way of their own they take it, password or not${note}`, async () => {
  const scene = await startScene('meta l4proto udp accept');
  await startTurn(scene);
  const { joined, target } = await startTwo(scene, relay('password'), relay('wrong'));
  await joined.event('forward');
  expect(await joined.eventWith('link', { state: 'up' })).toMatchObject({ path: 'datachannel' });
  await expectTransfer(scene, target);
});
