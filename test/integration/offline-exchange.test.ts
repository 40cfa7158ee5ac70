/**
 * A channel whose descriptions people carry: minutes pass before the offerer has the answer.
 * OFFLINE_LONG=1 adds the waits that do not fit into a minute.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DataChannelConnector } from '../../src/engine/carrier/datachannel.ts';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import { packDescription, unpackDescription } from '../../src/engine/pairing/description.ts';
import { systemClock as clock } from '../../src/engine/system-clock.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { canGuardNetworks, connectHomes, connectNetworks, Network } from '../support/networks.ts';
import { Child } from '../support/processes.ts';

const STUN = fileURLToPath(new URL('../support/stun-server.ts', import.meta.url));
const CHILD = fileURLToPath(new URL('../support/offline-child.ts', import.meta.url));
const isLong = process.env['OFFLINE_LONG'] === '1';
/**
 * Seconds between the two descriptions, the longest first, for only some tests run at once. 39.5 s
 * after the first description the library gives up, at 31 s DTLS would.
 */
const WAITS = isLong ? [300, 75, 45, 5] : [45, 5];
/** What opening may take after that, ms: a lost handshake message costs 1 to 3 s, a busy machine more. */
const OPENS_WITHIN_MS = 15_000;
const TEST_MS = Math.max(...WAITS) * 1000 + 45_000;

/** What a command stands behind to run in this network. */
const ENVIRONMENT = ['env'] as const;

const { can, note } = await canGuardNetworks();
const networks: Network[] = [];
const children: Child[] = [];
let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterAll(async () => {
  await Promise.all(children.map(async (child) => child.stop('SIGKILL')));
  await Promise.all(networks.map(async (network) => network.stop()));
  releaseDataChannels();
  await expectNothingLeft();
});

/** The time people take; it is what is tested here. */
async function carriedFor(seconds: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });
}

interface Ends {
  readonly offerer: Child;
  readonly answerer: Child;
}

/** Where an exchange takes place. */
interface Place {
  /** The networks of offerer and answerer. @default this one, on loopback */
  readonly networks?: readonly [Network, Network];
  /** @default none */
  readonly iceServers?: readonly string[];
}

function startProcess(name: string, network: Network | undefined, run: readonly string[]): Child {
  const line = [process.execPath, '--import', 'tsx', ...run];
  const [command, ...args] = [...(network?.behind ?? ENVIRONMENT), ...line];
  const child = Child.start({ name, command, args });
  children.push(child);
  return child;
}

function start(role: 'offerer' | 'answerer', { networks: two, iceServers }: Place): Child {
  const bindAddress = two ? {} : { bindAddress: '127.0.0.1' };
  const options = JSON.stringify({ role, iceServers, ...bindAddress });
  return startProcess(role, two?.[role === 'offerer' ? 0 : 1], [CHILD, options]);
}

/** Both ends, and the answer, which the offerer does not have yet. */
async function exchange(place: Place): Promise<Ends & { readonly answer: string }> {
  const offerer = start('offerer', place);
  const answerer = start('answerer', place);
  answerer.writeLine(String((await offerer.event('described'))['description']));
  const { description } = await answerer.event('described');
  return { offerer, answerer, answer: String(description) };
}

/** Both open and talk, and both have the certificates that were described first. */
async function expectOpen({ offerer, answerer }: Ends, answer: string): Promise<void> {
  const opened = await offerer.event('open', undefined, OPENS_WITHIN_MS);
  const { local, remote } = await answerer.event('open', undefined, OPENS_WITHIN_MS);
  expect(await offerer.event('echo')).toMatchObject({ bytes: 65_536 });
  expect(opened).toMatchObject({ local: remote, remote: local });
  expect(local).toBe(answer.slice(2, 66));
  console.log(`open ${String(opened['ms'])} ms after the answer`);
}

/** Closes the one; the other hears of it, and nothing keeps either process alive. */
async function expectToEnd(first: Child, second: Child): Promise<void> {
  first.endInput();
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(await second.event('closed')).toMatchObject({ code: 'E_LINK_LOST' });
  second.endInput();
  expect(await second.exited).toEqual({ code: 0, signal: null });
}

async function expectToConnect(seconds: number, place: Place = {}): Promise<void> {
  const { answer, ...ends } = await exchange(place);
  await carriedFor(seconds);
  ends.offerer.writeLine(answer);
  await expectOpen(ends, answer);
  if (seconds % 2 === 0) await expectToEnd(ends.offerer, ends.answerer);
  else await expectToEnd(ends.answerer, ends.offerer);
}

/** Two computers on one cable, where what comes in has to be an answer to what went out. */
async function guarded(who: 'offerer' | 'both'): Promise<Place> {
  const [from, to] = [await Network.start(), await Network.start()];
  networks.push(from, to);
  await connectNetworks(from, to);
  await from.guard();
  if (who === 'both') await to.guard();
  return { networks: [from, to] };
}

/** Two homes, and a STUN server between. */
async function twoHomes(): Promise<Place> {
  const five = await Promise.all(Array.from({ length: 5 }, async () => Network.start()));
  networks.push(...five);
  const { homes, internet, address } = await connectHomes(five);
  const { port } = await startProcess('a STUN server', internet, [STUN, address]).event(
    'listening',
  );
  return { networks: homes, iceServers: [`stun:${address}:${String(port)}`] };
}

/** All of one wait before those of the next, or the longest ones would not run at once. */
const CASES = WAITS.flatMap((seconds) => [
  { seconds, where: 'on this computer', place: async (): Promise<Place> => ({}), isFree: true },
  { seconds, where: 'the offerer lets nothing in unasked', place: async () => guarded('offerer') },
  { seconds, where: 'nobody lets anything in unasked', place: async () => guarded('both') },
  { seconds, where: 'from behind a NAT to behind a NAT', place: twoHomes },
]);

describe.concurrent('the answer arrives late', { timeout: TEST_MS }, () => {
  const free = CASES.filter(({ isFree }) => isFree);
  test.each(can ? CASES : free)('after $seconds s, $where', async ({ seconds, place }) =>
    expectToConnect(seconds, await place()),
  );

  test.skipIf(!can)(`in networks with firewalls${note}`, () => expect(can).toBe(true));
});

const bindAddress = '127.0.0.1';
const exchangeByHand = { exchange: 'by-hand', clock, bindAddress } as const;

describe.concurrent('a by-hand exchange that comes to nothing', () => {
  test('ends when its time is over', async () => {
    const lifeMs = 500;
    const offerer = new DataChannelConnector({ ...exchangeByHand, role: 'offerer', lifeMs });
    const answerer = new DataChannelConnector({ ...exchangeByHand, role: 'answerer', lifeMs });
    answerer.accept(await offerer.describe());
    await answerer.describe();
    await expect(offerer.opened).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    await expect(answerer.opened).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
  });

  test('is blocked for good when the other end has another certificate', async () => {
    const offerer = new DataChannelConnector({ ...exchangeByHand, role: 'offerer' });
    const answerer = new DataChannelConnector({ ...exchangeByHand, role: 'answerer' });
    answerer.accept(await offerer.describe());
    const answer = await answerer.describe();
    offerer.accept({ ...answer, fingerprint: new Uint8Array(32).fill(7) });
    await expect(offerer.opened).rejects.toMatchObject({ code: 'E_IDENTITY' });
    answerer.close();
    await expect(answerer.opened).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
  });

  test('ends when it is stopped, at any stage', async () => {
    const unused = new DataChannelConnector({ ...exchangeByHand, role: 'offerer' });
    unused.close();
    const idle = new DataChannelConnector({ ...exchangeByHand, role: 'answerer' });
    idle.close();
    const offerer = new DataChannelConnector({ ...exchangeByHand, role: 'offerer' });
    const described = offerer.describe();
    const answerer = new DataChannelConnector({ ...exchangeByHand, role: 'answerer' });
    const description = unpackDescription(packDescription(await described));
    answerer.accept(description);
    answerer.close();
    offerer.close();
    for (const { opened } of [unused, idle, offerer, answerer]) {
      await expect(opened).rejects.toMatchObject({ code: 'E_UNREACHABLE' });
    }
  });
});
