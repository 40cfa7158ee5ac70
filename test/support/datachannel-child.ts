/**
 * A second process for test/integration/datachannel.test.ts. Its argument says what it does:
 * `answer` answers the offer that comes over IPC and echoes; the others open connectors, say `ready`
 * and then have to end as they name.
 */
import {
  DataChannelConnector,
  type DataChannelOptions,
} from '../../src/engine/carrier/datachannel.ts';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import { packDescription, unpackDescription } from '../../src/engine/pairing/description.ts';
import { systemClock as clock } from '../../src/engine/system-clock.ts';
import { trying } from './trying.ts';

const bindAddress = '127.0.0.1';

function answer(): void {
  const connector = new DataChannelConnector({ role: 'answerer', clock, bindAddress });
  process.on('message', (offer: string) => void reply(connector, offer));
  void echo(connector);
}

async function reply(connector: DataChannelConnector, offer: string): Promise<void> {
  connector.accept(unpackDescription(new Uint8Array(Buffer.from(offer, 'hex'))));
  const description = await connector.describe();
  process.send?.(Buffer.from(packDescription(description)).toString('hex'));
}

async function echo(connector: DataChannelConnector): Promise<void> {
  const carrier = await connector.opened;
  carrier.start({
    onMessage: (message) => carrier.send(message),
    onDrained: () => undefined,
    onClosed: () => undefined,
  });
}

type PairOptions = Pick<DataChannelOptions, 'bindAddress' | 'exchange'>;

/** A pair with more than it can send at once under way. */
function openPair(options: PairOptions): Promise<DataChannelConnector[]> {
  return trying(() => openPairOnce(options));
}

async function openPairOnce(options: PairOptions): Promise<DataChannelConnector[]> {
  const offerer = new DataChannelConnector({ role: 'offerer', clock, ...options });
  const answerer = new DataChannelConnector({ role: 'answerer', clock, ...options });
  answerer.accept(await offerer.describe());
  offerer.accept(await answerer.describe());
  const [carrier] = await Promise.all([offerer.opened, answerer.opened]);
  for (let sent = 0; sent < 200; sent++) carrier?.send(new Uint8Array(65_536));
  return [offerer, answerer];
}

/** One connector of each kind: connected, waiting for an answer, waiting for the offerer, unused. */
async function openAll(exchange: 'live' | 'by-hand'): Promise<DataChannelConnector[]> {
  const options = { clock, bindAddress, exchange };
  const pair = await openPair(options);
  const waiting = new DataChannelConnector({ ...options, role: 'offerer' });
  const half = new DataChannelConnector({ ...options, role: 'answerer' });
  half.accept(await waiting.describe());
  const unused = new DataChannelConnector({ ...options, role: 'offerer' });
  unused.close();
  return [...pair, waiting, half, unused];
}

const ways: Record<string, () => Promise<void>> = {
  /** Closes a connected pair, and ends by itself. */
  closed: async () => {
    for (const connector of await openPair({ bindAddress })) connector.close();
    process.send?.('ready');
  },
  /** Releases the library with all kinds open, and ends by itself. */
  released: async () => {
    await openAll('live');
    process.send?.('ready');
    releaseDataChannels();
  },
  /** Closes all kinds of those that wait for people, and ends by itself. */
  'by-hand': async () => {
    const connectors = await openAll('by-hand');
    process.send?.('ready');
    for (const connector of connectors) connector.close();
    releaseDataChannels();
  },
  /** Ends on SIGINT. */
  interrupted: async () => {
    await openAll('live');
    await openAll('by-hand');
    process.on('SIGINT', () => {
      releaseDataChannels();
      process.exit();
    });
    setInterval(() => undefined, 1000);
    process.send?.('ready');
  },
  /** Connects without being told an address. */
  anywhere: async () => {
    await openPair({});
    process.send?.('ready');
    releaseDataChannels();
  },
};

const [way = ''] = process.argv.slice(2);
if (way === 'answer') answer();
else await ways[way]?.();
