/** Two real engines: they pair once, and find each other again by themselves. */
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { releaseEngine } from '../../src/engine/engine.ts';
import { realFileSystem } from '../../src/engine/store/file-system.ts';
import {
  closeComputers,
  EngineComputer,
  pairComputers,
  Person,
} from '../support/engine-computer.ts';

const DAY_MS = 86_400_000;
let target: Server;

beforeAll(async () => {
  target = createServer((socket) => socket.end('hello'));
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
});
afterEach(closeComputers);
afterAll(async () => {
  await new Promise((resolve) => target.close(resolve));
  releaseEngine();
});

function port(): string {
  return String((target.address() as AddressInfo).port);
}

async function pair(): Promise<readonly [EngineComputer, EngineComputer]> {
  const desk = await new EngineComputer('desk').start();
  const laptop = await new EngineComputer('laptop').start();
  await desk.engine.share({ target: port(), name: 'web', peers: [], lan: 'this-computer' });
  const { host, guest } = await pairComputers(desk, laptop);
  expect(host.digits).toMatch(/^\d{6}$/);
  expect(guest.digits).toBe(host.digits);
  return [desk, laptop];
}

test('both know each other by name, and the forward leads to the share', async () => {
  const [desk, laptop] = await pair();
  expect(desk.peers).toMatchObject([{ name: 'laptop', state: 'up', path: 'datachannel' }]);
  expect(laptop.peers).toMatchObject([{ name: 'desk', state: 'up' }]);
  expect(laptop.engine.forwards()).toMatchObject([
    { name: 'web', peerName: 'desk', state: 'live', sharedPort: Number(port()) },
  ]);
});

test.each([
  ['desk, the sharing one,', 0],
  ['laptop, the joining one,', 1],
])('%s restarts: the same forward is back, and nobody was asked', async (_name, which) => {
  const computers = await pair();
  const [desk, laptop] = computers;
  const before = laptop.engine.forwards();
  const restarted = computers[which] as EngineComputer;
  await restarted.stop();
  await restarted.start();
  await Promise.all([desk.up(), laptop.up()]);
  await laptop.until('the forward is live', () => laptop.engine.forwards()[0]?.state === 'live');
  expect(laptop.engine.forwards()[0]).toMatchObject({
    share: before[0]?.share,
    local: before[0]?.local,
  });
});

test('a clock that is a month wrong does not keep it from calling', async () => {
  const [desk, laptop] = await pair();
  const wrong = { timeOfDay: () => Date.now() - 30 * DAY_MS };
  await laptop.stop();
  await desk.stop();
  // Only the joining one calls: desk has no address of it yet that answers.
  await desk.start();
  await laptop.start('keep', wrong);
  await Promise.all([desk.up(), laptop.up()]);
  expect(laptop.peers).toMatchObject([{ state: 'up' }]);
});

test('both start at once, over and over: one link each time', async () => {
  const [desk, laptop] = await pair();
  for (let round = 0; round < 5; round++) {
    await Promise.all([desk.stop(), laptop.stop()]);
    await Promise.all([desk.start(), laptop.start()]);
    await Promise.all([desk.up(), laptop.up()]);
    expect([desk.peers.length, laptop.peers.length]).toEqual([1, 1]);
  }
});

test('pairing again keeps one entry, and the old key is worth nothing', async () => {
  const [desk, laptop] = await pair();
  await pairComputers(desk, laptop);
  expect([desk.peers.length, laptop.peers.length]).toEqual([1, 1]);
  await laptop.stop();
  await laptop.start();
  await Promise.all([desk.up(), laptop.up()]);
});

test('a device that was forgotten hears so, and does not come back', async () => {
  const [desk, laptop] = await pair();
  desk.engine.forget({ peer: 'laptop' });
  await laptop.until('it hears so', () => laptop.peers[0]?.state === 'removed');
  expect(laptop.events).toContainEqual({
    kind: 'notice',
    level: 'error',
    code: 'E_REMOVED',
    text: 'This computer was removed from desk. To connect again, pair again.',
  });
  await laptop.stop();
  await laptop.start();
  expect(laptop.peers).toMatchObject([{ state: 'removed' }]);
  expect(desk.peers).toEqual([]);
});

test('who says yes and then goes away before the other one answers has not paired', async () => {
  const desk = await new EngineComputer('desk').start();
  const laptop = await new EngineComputer('laptop').start();
  const gone = new AbortController();
  const host = new Person([{ kind: 'verdict', match: true }], gone.signal);
  const guest = new Person([]);
  const invited = desk.engine.invite({ mode: 'online', trust: 'compare', grant: null }, host);
  const joined = laptop.engine.join(
    { code: await host.link, trust: 'compare', localPort: null },
    guest,
  );
  await Promise.all([host.answered, guest.asked]);
  gone.abort(new Error('Ctrl+C'));
  await expect(invited).rejects.toThrow('Ctrl+C');
  await expect(joined).rejects.toMatchObject({ code: 'E_INVITE_CANCELLED' });
  expect([desk.peers, laptop.peers]).toEqual([[], []]);
});

test('the share an invite is for is in the first list the new peer gets', async () => {
  const desk = await new EngineComputer('desk').start();
  const laptop = await new EngineComputer('laptop').start();
  const phone = await new EngineComputer('phone').start();
  await pairComputers(desk, phone);
  const { id } = await desk.engine.share({
    target: port(),
    name: 'web',
    peers: ['phone'],
    lan: 'this-computer',
  });
  await pairComputers(desk, laptop, id);
  expect(laptop.engine.forwards()).toMatchObject([{ name: 'web', state: 'live' }]);
  expect(phone.engine.shares()).toEqual([]);
});

test('a device that was shut out of a share stays out when it is shared again', async () => {
  const [desk, laptop] = await pair();
  desk.engine.revoke({ peer: 'laptop', share: 'web' });
  await desk.engine.share({ target: port(), name: 'web', peers: [], lan: 'this-computer' });
  expect(desk.engine.shares()[0]?.access).toMatchObject({ except: [expect.any(String)] });
  desk.engine.grant({ peer: 'laptop', share: 'web' });
  await laptop.until('it is back', () => laptop.engine.forwards()[0]?.state === 'live');
});

test('an engine that closes ends the invites it waits for, and those who use them', async () => {
  const desk = await new EngineComputer('desk').start();
  const host = new Person();
  const invited = desk.engine.invite({ mode: 'online', trust: 'compare', grant: null }, host);
  const byHand = desk.engine.invite({ mode: 'offline', trust: 'compare', grant: null }, host);
  await host.link;
  const ended = Promise.allSettled([invited, byHand]);
  await desk.stop();
  const outcomes = await ended;
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('on a full disk paired devices still meet, and the person hears of it', async () => {
  const [desk, laptop] = await pair();
  await laptop.stop();
  let disk: 'free' | 'full' = 'free';
  const writeSync = ((...call: Parameters<typeof realFileSystem.writeSync>) => {
    if (disk === 'free') return realFileSystem.writeSync(...call);
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  }) as typeof realFileSystem.writeSync;
  await laptop.start('keep', { fileSystem: { ...realFileSystem, writeSync } });
  disk = 'full';
  await Promise.all([desk.up(), laptop.up()]);
  const forward = laptop.engine.forwards()[0];
  laptop.engine.disconnect({ forward: forward?.local ?? '' });
  expect(laptop.events).toContainEqual(
    expect.objectContaining({ kind: 'notice', code: 'E_DATA_DIR' }),
  );
  expect(laptop.peers).toMatchObject([{ state: 'up' }]);
  expect(() => laptop.engine.forget({ peer: 'desk' })).toThrow(
    expect.objectContaining({ code: 'E_DATA_DIR' }),
  );
  expect(laptop.peers).toMatchObject([{ state: 'up' }]);
  // Being forgotten must be told too, even if it cannot be written down.
  desk.engine.forget({ peer: 'laptop' });
  await laptop.until('it hears so', () =>
    laptop.events.some((event) => event.kind === 'notice' && event.code === 'E_REMOVED'),
  );
  disk = 'free';
});
