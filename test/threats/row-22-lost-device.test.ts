/**
 * Row 22 of the threat table, with whole engines over real DataChannels: a device that was lost is
 * forgotten while it is connected; then whoever has it, with everything on its disk, tries to come
 * back. The parts alone are in test/integration/access.test.ts.
 */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import type { EngineEvent } from '../../src/shared/contract.ts';
import { pairEngines, Person, TestEngine } from '../support/in-process-engine.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { closeAll, settled } from '../support/pairing-computers.ts';
import { echo, TestServer } from '../support/servers.ts';
import { connectTo, dial, readBytes, readToEnd, within, type Ending } from '../support/tcp.ts';

const STREAMS = 100;

let expectNothingLeft: () => Promise<void>;
let server: TestServer;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(async () => {
  server = await TestServer.start(echo);
});
afterEach(async () => {
  await closeAll();
  await server.close();
});
afterAll(async () => {
  await expectNothingLeft();
  releaseDataChannels();
});

async function running(port: number): Promise<{ socket: Socket; ending: Promise<Ending> }> {
  const socket = await connectTo(port);
  socket.write('there?');
  await readBytes(socket, 6);
  return { socket, ending: readToEnd(socket, () => undefined) };
}

async function untilIdle(): Promise<void> {
  while (server.openCount > 0) await new Promise((resolve) => setImmediate(resolve));
}

function isLink(event: EngineEvent, state: string): boolean {
  return event.kind === 'link' && event.state === state;
}

async function shareAndPair() {
  const owner = await TestEngine.start({ name: 'owner', purpose: 'keep' });
  const lost = await TestEngine.start({ name: 'lost', purpose: 'forward' });
  const target = `127.0.0.1:${server.port}`;
  await owner.engine.share({ target, name: 'web', peers: [], lan: 'this-computer' });
  await pairEngines(owner, lost);
  const [forward] = lost.engine.forwards();
  if (forward === undefined) throw new Error('no forward');
  return { owner, lost, port: Number(forward.local.split(':')[1]) };
}

test('row 22: forgetting a device ends its 100 streams at once, and it cannot come back', async () => {
  const { owner, lost, port } = await shareAndPair();
  // All that whoever has the device will ever have, taken while it was still welcome.
  const disk = mkdtempSync(join(tmpdir(), 'porthole-stolen-'));
  lost.data.peers.flush();
  cpSync(lost.folder, disk, {
    recursive: true,
    filter: (path) => !/(?:\.sock|\/lock)$/.test(path),
  });
  const streams = await Promise.all(Array.from({ length: STREAMS }, async () => running(port)));
  expect(server.openCount).toBe(STREAMS);

  const startedAt = performance.now();
  owner.engine.forget({ peer: 'lost' });
  const endings = await Promise.all(streams.map(async ({ ending }) => ending));
  await within('the target', untilIdle());
  // Promised within a second; a busy machine gets five.
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect(new Set(endings)).toEqual(new Set(['ECONNRESET']));
  expect(owner.engine.peers()).toEqual([]);

  // It hears why, and does not call again.
  await within(
    'the news',
    lost.event((event) => event.kind === 'notice' && event.code === 'E_REMOVED'),
  );
  expect(lost.engine.peers()).toMatchObject([{ state: 'removed' }]);
  expect(await readToEnd(dial(port), () => undefined)).toBe('ECONNRESET');
  await lost.close();

  // With the disk as it was, which does not know that it was removed.
  const stolen = await TestEngine.start({ name: 'lost', purpose: 'keep', folder: disk });
  await within(
    'a call',
    stolen.event((event) => isLink(event, 'connecting')),
  );
  await expect
    .poll(() => stolen.engine.peers(), { timeout: 20_000 })
    .toMatchObject([{ name: 'owner', state: 'offline' }]);
  expect(stolen.events.filter((event) => isLink(event, 'up'))).toEqual([]);
  expect(stolen.engine.forwards()).toMatchObject([{ state: 'waiting' }]);
  expect(owner.events.filter((event) => isLink(event, 'up'))).toHaveLength(1);
  expect(server.openCount).toBe(0);
}, 90_000);

test('row 22: the others stay, and a new pairing lets it in again', async () => {
  const { owner, lost } = await shareAndPair();
  const other = await TestEngine.start({ name: 'other', purpose: 'forward' });
  await pairEngines(owner, other);
  const [forward] = other.engine.forwards();
  const stream = await running(Number(forward?.local.split(':')[1]));
  owner.engine.forget({ peer: 'lost' });
  await within(
    'the news',
    lost.event((event) => event.kind === 'notice' && event.code === 'E_REMOVED'),
  );
  stream.socket.write('x');
  await untilEchoed(stream.socket);
  expect(owner.engine.peers()).toMatchObject([{ name: 'other', state: 'up' }]);
  await pairEngines(owner, lost);
  expect(
    owner.engine
      .peers()
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['lost', 'other']);
  stream.socket.end();
  expect(await stream.ending).toBe('end');
});

async function untilEchoed(socket: Socket): Promise<void> {
  const before = socket.bytesRead;
  while (socket.bytesRead === before) await new Promise((resolve) => setImmediate(resolve));
}

test('row 22: a pairing under way ends with its device', async () => {
  const owner = await TestEngine.start({ name: 'owner', purpose: 'share' });
  const lost = await TestEngine.start({ name: 'lost', purpose: 'forward' });
  const [host, guest] = [new Person('silent'), new Person('silent')];
  const inviting = settled(
    owner.engine.invite({ mode: 'online', trust: 'compare', grant: null }, host),
  );
  const code = await host.link();
  const joining = settled(lost.engine.join({ code, trust: 'compare', localPort: null }, guest));
  await Promise.all([host.event('compare'), guest.event('compare')]);
  await lost.close();
  expect(await inviting).toBeInstanceOf(Error);
  expect(await joining).toBeInstanceOf(Error);
  expect(owner.engine.peers()).toEqual([]);
});
