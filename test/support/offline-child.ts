/**
 * One end of a by-hand exchange in a process of its own, for a network of its own. Its argument is
 * JSON, `{ role, bindAddress?, lifeMs?, iceServers? }`. A line on standard input is a description to accept, in
 * hexadecimal; the end of standard input closes it. It prints `described`, `open` with both
 * certificates and ms since it accepted, `echo` when a message came back, `closed` and `failed`.
 */
import { createInterface } from 'node:readline';
import {
  type DataChannelOptions,
  DataChannelConnector,
} from '../../src/engine/carrier/datachannel.ts';
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import { packDescription, unpackDescription } from '../../src/engine/pairing/description.ts';
import { parseStunUrl } from '../../src/shared/ice-url.ts';
import { systemClock as clock } from '../../src/engine/system-clock.ts';
import { toPortholeError } from '../../src/shared/errors.ts';

type Given = Pick<DataChannelOptions, 'role' | 'bindAddress' | 'lifeMs'> & {
  readonly iceServers?: readonly string[];
};

const options = JSON.parse(process.argv[2] ?? '{}') as Given;
const { iceServers: urls = [], ...rest } = options;
const servers = urls.map((url) => ({ kind: 'stun' as const, ...parseStunUrl(url) }));
const connector = new DataChannelConnector({
  ...rest,
  clock,
  exchange: 'by-hand',
  iceServers: () => servers,
});
let acceptedAt = 0;

function tell(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function describe(): Promise<void> {
  tell('described', { description: hex(packDescription(await connector.describe())) });
}

/** The offerer says something, the answerer says it back. */
function talk(carrier: Carrier): void {
  carrier.start({
    onMessage: (message) => {
      if (options.role === 'offerer') tell('echo', { bytes: message.length });
      else carrier.send(message);
    },
    onDrained: () => undefined,
    onClosed: (cause) => tell('closed', { code: cause?.code }),
  });
  if (options.role === 'offerer') carrier.send(new Uint8Array(65_536));
}

async function untilOpen(): Promise<void> {
  try {
    const carrier = await connector.opened;
    const { local, remote } = carrier.binding;
    const ms = Math.round(performance.now() - acceptedAt);
    tell('open', { ms, local: hex(local), remote: hex(remote) });
    talk(carrier);
  } catch (thrown) {
    tell('failed', { code: toPortholeError(thrown).code });
  }
}

void untilOpen();
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  acceptedAt = performance.now();
  connector.accept(unpackDescription(new Uint8Array(Buffer.from(line, 'hex'))));
  if (options.role === 'answerer') void describe();
});
lines.on('close', () => {
  connector.close();
  releaseDataChannels();
});
if (options.role === 'offerer') void describe();
