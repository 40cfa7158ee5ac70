/**
 * Row 1 of the threat table: what somebody on the cable between two computers sees of a pairing and
 * a transfer. Two network namespaces, a cable, the real command, and every packet of it.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import { INVITE_PREFIX, parseInvite } from '../../src/engine/pairing/invite.ts';
import { derivePairingKeys } from '../../src/engine/pairing/keys.ts';
import { roomPath } from '../../src/engine/signaling/endpoint.ts';
import { Capture, CapturedPackets } from '../support/captured-packets.ts';
import { Command, endCommands, linkOf } from '../support/command.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { connectNetworks, Network } from '../support/networks.ts';
import { hitsIn, hitsInBytes, type Planted } from '../support/planted.ts';
import { Child } from '../support/processes.ts';
import { needs, runProgram } from '../support/programs.ts';
import { payloadsIn } from '../support/websocket-bytes.ts';

const PEER = fileURLToPath(new URL('../support/tcp-peer.py', import.meta.url));
const NAMES = { a: 'Annas-unmistakable-desk', b: 'Bobs-unmistakable-laptop' } as const;
const SHARE_NAME = 'unmistakable-share';
const LOCAL = '4000';
const SEED = 11;
const BYTES = 60_000;

const tools = needs('unshare', 'nsenter', 'ip', 'python3');
const canMake =
  process.getuid?.() === 0 &&
  !tools.missing &&
  (await runProgram('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up'])).code === 0;
if (!canMake)
  console.warn('\n*** NOT TESTED: row 1 needs root on Linux, to capture packets. ***\n');
const note = canMake ? '' : ' (SKIPPED: no root, or no right to make networks)';

let expectNothingLeft: () => Promise<void>;
let folder: string;
const networks: Network[] = [];
const children: Child[] = [];
let capture: Capture | undefined;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-row1-'));
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

async function startNetwork(): Promise<Network> {
  const network = await Network.start();
  networks.push(network);
  return network;
}

/** A data folder of a device with a name that nothing else has. */
function makeFolder(name: keyof typeof NAMES): string {
  const path = join(folder, name);
  mkdirSync(path, { mode: 0o700 });
  const settings = { version: 1, deviceName: NAMES[name], rendezvous: [], stun: [] };
  writeFileSync(join(path, 'settings.json'), JSON.stringify(settings), { mode: 0o600 });
  return path;
}

/** Reads each connection to its end and sends the same back; a look at it (health) is nothing. */
const TARGET = `
import socket, threading
def serve(one):
    data = b"".join(iter(lambda: one.recv(65536), b""))
    one.sendall(data)
    one.close()
server = socket.create_server(("127.0.0.1", 0))
print('{"event":"listening","port":%d}' % server.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
`;

async function startTarget(network: Network): Promise<number> {
  return (await startPython(network, ['-c', TARGET])).port;
}

async function startPython({ behind }: Network, script: readonly string[]) {
  const [command, ...args] = [...behind, 'python3', '-u', ...script];
  const child = Child.start({ name: 'python3', command, args });
  children.push(child);
  return { child, port: Number((await child.event('listening'))['port']) };
}

interface Watched {
  readonly seen: CapturedPackets;
  readonly planted: Planted;
  readonly link: string;
}

/** A pairing by comparing and a transfer both ways, captured from before its first packet. */
async function watch(): Promise<Watched> {
  const [one, other] = [await startNetwork(), await startNetwork()];
  await connectNetworks(one, other);
  const [a, b] = [makeFolder('a'), makeFolder('b')];
  capture = await Capture.start(one, 'cable', join(folder, 'packets'));
  const target = await startTarget(one);
  const share = ['share', String(target), '--invite', '--name', SHARE_NAME];
  const sharing = Command.start([...share, '--json', '--data-dir', a], one);
  const link = await linkOf(sharing);
  const joined = Command.start(['join', '--local', LOCAL, '--json', '--data-dir', b], other);
  joined.writeLine(link);
  const [{ digits }] = await Promise.all([sharing.event('compare'), joined.event('compare')]);
  sharing.writeLine('yes');
  joined.writeLine('yes');
  await joined.event('forward');
  await transfer(other);
  const planted = plantedIn([a, b], { link, digits: String(digits) });
  await joined.endBy('SIGTERM');
  await sharing.endBy('SIGTERM');
  const seen = await capture.stop();
  return { seen, planted, link };
}

async function transfer(network: Network): Promise<void> {
  const { child } = await startPython(network, [PEER]);
  const steps = [['send', SEED, BYTES], ['fin'], ['recv-all']];
  child.writeLine(JSON.stringify({ job: 1, role: 'client', port: Number(LOCAL), steps }));
  const { reports } = await child.event('done');
  expect(reports).toMatchObject([{}, {}, { bytes: BYTES, ending: 'eof' }]);
}

/** The first bytes of what was transferred (tcp-peer.py). */
async function plaintext(): Promise<Buffer> {
  const script = `import hashlib,sys;sys.stdout.write(hashlib.shake_128(b"${SEED}").hexdigest(64))`;
  return Buffer.from((await runProgram('python3', ['-c', script])).stdout, 'hex');
}

function plantedIn(
  folders: readonly string[],
  { link, digits }: { link: string; digits: string },
): Planted {
  const { secret } = parseInvite(link, Date.now());
  const { prk, mac } = derivePairingKeys(secret);
  const planted = new Map<string, Uint8Array>([
    ['code', Buffer.from(link.slice(INVITE_PREFIX.length), 'base64url')],
    ['secret', secret.reveal()],
    ['prk', prk.reveal()],
    ['mac key', mac.reveal()],
    ['name of a', Buffer.from(NAMES.a)],
    ['name of b', Buffer.from(NAMES.b)],
    ['name of the share', Buffer.from(SHARE_NAME)],
    ['digits', Buffer.from(` ${digits} `.repeat(2))],
  ]);
  for (const path of folders) {
    const json = (name: string) =>
      JSON.parse(readFileSync(join(path, name), 'utf8')) as Record<string, unknown>;
    const seed = Buffer.from(String(json('identity.json')['secret']), 'base64url');
    const { publicKey, deviceId } = createIdentity(seed);
    const [peer] = json('peers.json')['peers'] as { pairKey: string }[];
    planted.set(`seed ${path}`, seed);
    planted.set(`identity key ${path}`, publicKey);
    planted.set(`device id ${path}`, Buffer.from(deviceId));
    planted.set(`pair key ${path}`, Buffer.from(String(peer?.pairKey), 'base64url'));
  }
  return planted;
}

/** Addresses a candidate could name, in text and as they are packed (RFC 5952, network order). */
const ADDRESSES: readonly (string | Buffer)[] = [
  '198.51.100.',
  Buffer.from([198, 51, 100, 1]),
  Buffer.from([198, 51, 100, 2]),
  'fe80:',
  Buffer.from('fe80000000000000', 'hex'),
  'candidate',
  'ufrag',
  'fingerprint',
];

describe('row 1: an onlooker on the cable', () => {
  test.skipIf(!canMake)(
    `row 1: sees no name, key, candidate, secret or payload of a pairing and a transfer${note}`,
    async () => {
      const { seen, planted, link } = await watch();
      // It did see the pairing: the upgrade to the room of the invite; and the transfer.
      const room = roomPath(derivePairingKeys(parseInvite(link, Date.now()).secret).room);
      const text = seen.bytes.toString('latin1');
      expect(text).toContain(`GET ${room} HTTP/1.1`);
      expect(text).toMatch(/upgrade: websocket/i);
      const sum = seen.datagrams.reduce((bytes, { length }) => bytes + length, 0);
      expect(sum).toBeGreaterThan(2 * BYTES);

      expect(
        hitsInBytes(seen.bytes, new Map([...planted, ['payload', await plaintext()]])),
      ).toEqual([]);
      const bodies = seen.streams.flatMap(payloadsIn);
      // Claim, offer, answer, each behind version, salt and counter; and the goodbyes.
      expect(bodies.filter(({ length }) => length > 40).length).toBeGreaterThanOrEqual(3);
      for (const body of bodies) {
        expect(hitsInBytes(body, planted)).toEqual([]);
        for (const address of ADDRESSES)
          expect([address, body.includes(address)]).toEqual([address, false]);
      }
    },
    90_000,
  );

  test.skipIf(!canMake)(
    `row 1: the capture and the search find what is in clear${note}`,
    async () => {
      const [one, other] = [await startNetwork(), await startNetwork()];
      await connectNetworks(one, other);
      capture = await Capture.start(one, 'cable', join(folder, 'packets'));
      const secret = randomBytes(32);
      const program = `
      import socket,sys
      data=bytes.fromhex("${secret.toString('hex')}")
      if sys.argv[1]=="listen":
        s=socket.create_server(("198.51.100.1",4001)); print("ready",flush=True)
        c,_=s.accept()
        while c.recv(100): pass
      else:
        c=socket.create_connection(("198.51.100.1",4001)); c.sendall(data); c.close()
        u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); u.sendto(data[::-1],("198.51.100.1",4002))
    `.replaceAll('\n      ', '\n');
      const [command, ...args] = [...one.behind, 'python3', '-c', program, 'listen'];
      const listening = Child.start({ name: 'a listener', command, args });
      children.push(listening);
      await listening.printed(/ready/);
      await other.run('python3', '-c', program, 'send');
      await listening.exited;
      const seen = await capture.stop();
      expect(hitsInBytes(seen.bytes, new Map([['it', secret]]))).toEqual([
        'it: raw',
        expect.any(String),
      ]);
      expect(seen.streams.some((stream) => stream.equals(secret))).toBe(true);
      expect(seen.datagrams.some((datagram) => datagram.equals(secret.toReversed()))).toBe(true);
      expect(hitsIn(secret.toString('base64'), new Map([['it', secret]]))).not.toEqual([]);
    },
  );
});
