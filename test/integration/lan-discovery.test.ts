/**
 * Paired devices find each other by real multicast, in networks of the kernel's own making. Needs
 * Linux and root.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createIdentity, deviceIdOf, type Identity } from '../../src/engine/pairing/identity.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import { utcDayOf } from '../../src/engine/peers/peer-room.ts';
import { LAN_ENDPOINTS_MAX } from '../../src/shared/limits.ts';
import { deriveLanNames } from '../../src/engine/signaling/lan-names.ts';
import { Capture, type CapturedPackets } from '../support/captured-packets.ts';
import { Command, endCommands, linkOf } from '../support/command.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { canGuardNetworks, connectNetworks, Network } from '../support/networks.ts';
import { hitsInBytes } from '../support/planted.ts';
import { Child, type ChildEvent } from '../support/processes.ts';
import { needs } from '../support/programs.ts';

const CHILD = fileURLToPath(new URL('../support/lan-child.ts', import.meta.url));
const PORT = 45_678;
const MDNS_PORT = 5353;
const UNTIL_UP = "until ip -brief link show cable | grep -q ' UP '; do sleep 0.02; done";

vi.setConfig({ testTimeout: 90_000 });

const tools = needs('python3', 'unshare', 'nsenter', 'ip', 'nft');
const networked = await canGuardNetworks();
const can = networked.can && !tools.missing;
const note = tools.note || networked.note;

let expectNothingLeft: () => Promise<void>;
let folder: string;
let ends: readonly [Network, Network];
const networks: Network[] = [];
const children: Child[] = [];
let capture: Capture | undefined;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-lan-'));
  if (!can) return;
  ends = await Promise.all([Network.start(), Network.start()]);
  networks.push(...ends);
  await connectNetworks(...ends);
  for (const end of ends) await end.run('sh', '-c', UNTIL_UP);
});
afterEach(async () => {
  await endCommands();
  await capture?.kill();
  capture = undefined;
  await Promise.all(children.splice(0).map(async (child) => child.stop('SIGKILL')));
  await Promise.all(networks.splice(0).map(async (network) => network.stop()));
  rmSync(folder, { recursive: true, force: true });
});
afterAll(async () => expectNothingLeft());

function hex(bytes: Uint8Array = new Uint8Array(0)): string {
  return Buffer.from(bytes).toString('hex');
}

type Device = Pick<Identity, 'publicKey'>;

/** Two paired devices. */
class Pair {
  readonly key: Uint8Array;
  readonly announcer: Device;
  readonly seeker: Device;

  constructor({
    key,
    announcer,
    seeker,
  }: Partial<Pick<Pair, 'key' | 'announcer' | 'seeker'>> = {}) {
    this.key = key ?? randomBytes(32);
    this.announcer = announcer ?? createIdentity();
    this.seeker = seeker ?? createIdentity();
  }

  async announce(network: Network, changes: object = {}): Promise<Child> {
    return this.#start(network, [this.announcer, this.seeker], { port: PORT, ...changes });
  }

  async seek(network: Network, changes: object = {}): Promise<Child> {
    return this.#start(network, [this.seeker, this.announcer], changes);
  }

  /** The one whose data folder and peer these are. */
  static of(home: string): Pair {
    const read = (name: string): unknown => JSON.parse(readFileSync(join(home, name), 'utf8'));
    const { secret } = read('identity.json') as { secret: string };
    const { peers } = read('peers.json') as { peers: { publicKey: string; pairKey: string }[] };
    const [peer] = peers;
    return new Pair({
      key: Buffer.from(peer?.pairKey ?? '', 'base64url'),
      announcer: { publicKey: Buffer.from(peer?.publicKey ?? '', 'base64url') },
      seeker: createIdentity(Buffer.from(secret, 'base64url')),
    });
  }

  async #start(network: Network, [own, peer]: readonly Device[], changes: object): Promise<Child> {
    const keys = { own: hex(own?.publicKey), peer: hex(peer?.publicKey), pairKey: hex(this.key) };
    const given = JSON.stringify({ ...keys, ...changes });
    const run = [process.execPath, '--import', 'tsx', CHILD, given];
    const [command, ...args] = [...network.behind, ...run];
    const child = Child.start({ name: 'discovery', command, args });
    children.push(child);
    await child.event('ready');
    return child;
  }
}

const THERE = { scheme: 'ws', host: '198.51.100.1', port: PORT };

describe('on one cable', () => {
  test.skipIf(!can)(`the seeker is there first: it hears the other come${note}`, async () => {
    const pair = new Pair();
    const seeker = await pair.seek(ends[1]);
    await pair.announce(ends[0]);
    expect(await seeker.event('found')).toMatchObject(THERE);
  });

  test.skipIf(!can)(`the other is there first: it answers${note}`, async () => {
    const pair = new Pair();
    await pair.announce(ends[0]);
    // Both of its own announcements are over.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const seeker = await pair.seek(ends[1]);
    expect(await seeker.event('found')).toMatchObject(THERE);
  });

  test.skipIf(!can).each([-1, 1])(`a clock that is wrong by %i day${note}`, async (day) => {
    const pair = new Pair();
    const seeker = await pair.seek(ends[1]);
    await pair.announce(ends[0], { day });
    expect(await seeker.event('found')).toMatchObject(THERE);
  });

  test.skipIf(!can)(`two processes on one computer${note}`, async () => {
    const pair = new Pair();
    const seeker = await pair.seek(ends[0]);
    await pair.announce(ends[0]);
    expect(await seeker.event('found')).toMatchObject(THERE);
  });

  test.skipIf(!can)(`others find nothing, nor does the wrong direction${note}`, async () => {
    const [pair, other] = [new Pair(), new Pair()];
    const stranger = await other.seek(ends[1]);
    const self = await pair.announce(ends[1], { port: 1 });
    const seeker = await pair.seek(ends[1]);
    await pair.announce(ends[0]);
    await seeker.event('found', ({ port }) => port === PORT);
    await expect(stranger.event('found', undefined, 2000)).rejects.toThrow('no "found"');
    await expect(self.event('found', undefined, 10)).rejects.toThrow('no "found"');
  });

  test.skipIf(!can)(`the cable is cut, and laid again with another address${note}`, async () => {
    const pair = new Pair();
    const seeker = await pair.seek(ends[1]);
    const announcer = await pair.announce(ends[0]);
    await seeker.event('found');
    await ends[0].run('ip', 'address', 'flush', 'dev', 'cable');
    announcer.writeLine('another network');
    await ends[0].run('ip', 'address', 'add', '198.51.100.77/24', 'dev', 'cable');
    announcer.writeLine('another network');
    expect(await seeker.event('found', ({ host }) => host !== THERE.host)).toMatchObject({
      host: '198.51.100.77',
    });
  });
});

/** Sends to the group what nobody should, for a second; and keeps the port from others before that. */
const HOSTILE = `
import os, socket, struct, sys, time
names = sys.argv[1:]
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("198.51.100.2"))
def label(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\\0"
def record(name, kind, data):
    return label(name) + struct.pack(">HHIH", kind, 1, 120, len(data)) + data
def answer(records):
    return struct.pack(">HHHHHH", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records)
def lie(name, address, port):
    host = "liar.local"
    srv = record(name, 33, struct.pack(">HHH", 0, 0, port) + label(host))
    return answer([srv, record(host, 1, socket.inet_aton(address))])
packets = [os.urandom(n) for n in (0, 1, 11, 12, 100, 1400)]
packets += [b"\\0\\0\\x84\\0\\0\\0\\xff\\xff\\0\\0\\0\\0" + b"\\xc0\\x0c" * 500]
packets += [b"\\0\\0\\0\\0\\xff\\xff\\0\\0\\0\\0\\0\\0" + b"\\xc0\\x0c\\0\\x21\\0\\1" * 200]
for name in names:
    packets += [lie(name, a, 99) for a in ("127.0.0.1", "8.8.8.8", "169.254.169.254", "224.0.0.1", "0.0.0.0")]
    packets += [lie(name, "198.51.100.%d" % n, 99) for n in range(100, 200)]
end = time.time() + 1
while time.time() < end:
    for packet in packets: out.sendto(packet, ("224.0.0.251", 5353))
print('{"event":"done"}', flush=True)
`;

function namesNow(pair: Pair): string[] {
  const { service } = deriveLanNames({
    pairKey: new Secret(pair.key),
    announcer: pair.announcer.publicKey,
    utcDay: utcDayOf(Date.now()),
  });
  return [service];
}

/** Pairs two, and looks as the joined one for the other, which runs. */
async function seekRunning(settings: object): Promise<{ seeker: Child; port: number }> {
  const [a, b] = ['a', 'b'].map((name) => join(folder, name)) as [string, string];
  mkdirSync(a, { mode: 0o700 });
  const content = JSON.stringify({ version: 1, ...settings });
  writeFileSync(join(a, 'settings.json'), content, { mode: 0o600 });
  const trust = ['--trust-invite', '--json', '--data-dir'];
  const sharing = Command.start(['share', '9', '--invite', ...trust, a], ends[0]);
  const joined = Command.start(['join', '--local', '4000', ...trust, b], ends[1]);
  joined.writeLine(await linkOf(sharing));
  await joined.event('forward');
  const { signalingPort } = JSON.parse(readFileSync(join(a, 'settings.json'), 'utf8')) as {
    signalingPort: number;
  };
  return { seeker: await Pair.of(b).seek(ends[1]), port: signalingPort };
}

describe('a Porthole that runs', () => {
  test.skipIf(!can)(`is found by those it has paired with${note}`, async () => {
    const { seeker, port } = await seekRunning({});
    expect(await seeker.event('found')).toMatchObject({ ...THERE, port });
  });

  test.skipIf(!can)(`is not, where its person does not want that${note}`, async () => {
    const { seeker } = await seekRunning({ discovery: false });
    await expect(seeker.event('found', undefined, 3000)).rejects.toThrow('no "found"');
  });
});

describe('a hostile network', () => {
  test.skipIf(!can)(`garbage and lies: bounded, and the true one is found${note}`, async () => {
    const pair = new Pair();
    const seeker = await pair.seek(ends[1]);
    // Even one who has overheard the name.
    const [command, ...args] = [...ends[1].behind, 'python3', '-c', HOSTILE, ...namesNow(pair)];
    const hostile = Child.start({ name: 'hostile', command, args });
    children.push(hostile);
    await hostile.event('done');
    await pair.announce(ends[0]);
    await seeker.event('found', ({ port }) => port === PORT);
    const lies: string[] = [];
    const next = async (): Promise<ChildEvent | undefined> =>
      seeker.event('found', ({ port }) => port === 99, 10).catch(() => undefined);
    for (let lie = await next(); lie !== undefined; lie = await next()) {
      lies.push(String(lie['host']));
    }
    expect(lies.length).toBeGreaterThan(0);
    expect(lies.length).toBeLessThanOrEqual(2 * LAN_ENDPOINTS_MAX);
    expect(lies.filter((host) => !host.startsWith('198.51.100.'))).toEqual([]);
  });

  test.skipIf(!can)(`port 5353 is taken: told once, and mended later${note}`, async () => {
    const script = `import socket,sys
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(("0.0.0.0",${MDNS_PORT}))
print('{"event":"taken"}',flush=True); sys.stdin.read()`;
    const [command, ...args] = [...ends[1].behind, 'python3', '-c', script];
    const thief = Child.start({ name: 'a thief', command, args });
    children.push(thief);
    await thief.event('taken');
    const pair = new Pair();
    const seeker = await pair.seek(ends[1]);
    expect(String((await seeker.event('trouble'))['message'])).toContain('EADDRINUSE');
    await pair.announce(ends[0]);
    thief.endInput();
    await thief.exited;
    seeker.writeLine('another network');
    expect(await seeker.event('found')).toMatchObject(THERE);
    await expect(seeker.event('trouble', undefined, 10)).rejects.toThrow('no "trouble"');
  });

  test.skipIf(!can)(`no network at all, and then one${note}`, async () => {
    await ends[1].run('ip', 'link', 'set', 'cable', 'down');
    const pair = new Pair();
    const seeker = await pair.seek(ends[1]);
    const announcer = await pair.announce(ends[0]);
    await ends[1].run('ip', 'link', 'set', 'cable', 'up');
    for (const end of ends) await end.run('sh', '-c', UNTIL_UP);
    announcer.writeLine('another network');
    seeker.writeLine('another network');
    expect(await seeker.event('found')).toMatchObject(THERE);
  });
});

describe('what everybody hears', () => {
  test.skipIf(!can)(`nothing readable: no name, id or key of anybody${note}`, async () => {
    capture = await Capture.start(ends[0], 'cable', join(folder, 'packets'));
    const pair = new Pair();
    const seeker = await pair.seek(ends[1]);
    await pair.announce(ends[0]);
    await seeker.event('found');
    const seen: CapturedPackets = await capture.stop();
    capture = undefined;
    const planted = new Map<string, Uint8Array>([
      ['pair key', pair.key],
      ['host name', Buffer.from(hostname())],
      ['announcer', pair.announcer.publicKey],
      ['announcer id', Buffer.from(deviceIdOf(pair.announcer.publicKey))],
      ['seeker', pair.seeker.publicKey],
      ['seeker id', Buffer.from(deviceIdOf(pair.seeker.publicKey))],
    ]);
    expect(hitsInBytes(seen.bytes, planted)).toEqual([]);
    const names = seen.datagrams.filter((datagram) => datagram.includes('local'));
    expect(names.length).toBeGreaterThanOrEqual(2);
    for (const datagram of names) {
      const words = datagram.toString('latin1').match(/[a-z][a-z-]{3,}/gi) ?? [];
      // Digits of hexadecimal make words of a to f.
      expect(words.filter((word) => !/^[a-f]+$/.test(word) && word !== 'local')).toEqual([]);
    }
  });
});
