/**
 * One end of a raw DataChannel with Porthole's own settings and no tunnel: the yardstick. It sends
 * messages as large as the tunnel's frames for as long as `bufferedAmount` is under the high water
 * mark, and echoes what is one byte long.
 */
import type { Carrier } from '../src/engine/carrier/carrier.ts';
import { DataChannelConnector } from '../src/engine/carrier/datachannel.ts';
import { packDescription, unpackDescription } from '../src/engine/pairing/description.ts';
import { systemClock } from '../src/engine/system-clock.ts';
import {
  DATACHANNEL_DATA_BYTES,
  FRAME_HEADER_BYTES,
  GATE_HIGH_WATER_BYTES,
} from '../src/shared/limits.ts';

type Request =
  | { readonly kind: 'offer' }
  | { readonly kind: 'answer'; readonly offer: string }
  | { readonly kind: 'accept'; readonly answer: string }
  | { readonly kind: 'opened' }
  | { readonly kind: 'send' }
  | { readonly kind: 'quiet' }
  | { readonly kind: 'count' }
  | { readonly kind: 'echo'; readonly times: number };

const message = Buffer.alloc(FRAME_HEADER_BYTES + DATACHANNEL_DATA_BYTES, 7);
const connectors: DataChannelConnector[] = [];
let carrier: Carrier | undefined;
let sending = false;
let received = 0;
let onEcho: (() => void) | undefined;

function connector(role: 'offerer' | 'answerer'): DataChannelConnector {
  const made = new DataChannelConnector({ role, clock: systemClock });
  connectors.push(made);
  return made;
}

function fill(): void {
  for (;;) {
    if (!sending || carrier === undefined) return;
    if (carrier.bufferedAmount() > GATE_HIGH_WATER_BYTES) return;
    carrier.send(message);
  }
}

async function open(): Promise<void> {
  carrier = await (connectors[0] as DataChannelConnector).opened;
  carrier.start({
    onMessage: (bytes) => {
      if (bytes.length > 1) received += bytes.length - FRAME_HEADER_BYTES;
      else if (onEcho === undefined) carrier?.send(bytes);
      else onEcho();
    },
    onDrained: fill,
    onClosed: () => process.exit(1),
  });
}

async function echo(times: number): Promise<number[]> {
  const samples: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const startedAt = performance.now();
    await new Promise<void>((resolve) => {
      onEcho = resolve;
      carrier?.send(Buffer.of(1));
    });
    samples.push(performance.now() - startedAt);
  }
  onEcho = undefined;
  return samples;
}

async function answerTo(request: Request): Promise<unknown> {
  switch (request.kind) {
    case 'offer':
      return pack(connector('offerer'));
    case 'answer': {
      const made = connector('answerer');
      made.accept(unpackDescription(Buffer.from(request.offer, 'base64')));
      return pack(made);
    }
    case 'accept':
      connectors[0]?.accept(unpackDescription(Buffer.from(request.answer, 'base64')));
      return 'accepted';
    case 'opened':
      await open();
      return 'opened';
    case 'send':
      sending = true;
      fill();
      return 'sending';
    case 'quiet':
      sending = false;
      return 'quiet';
    case 'count':
      return received;
    case 'echo':
      return echo(request.times);
  }
}

async function pack(made: DataChannelConnector): Promise<string> {
  return Buffer.from(packDescription(await made.describe())).toString('base64');
}

process.on('message', (request: Request) => {
  void answerTo(request).then((answer) => process.send?.(answer));
});
