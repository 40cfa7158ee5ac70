/**
 * LanDiscovery in a process of its own, for a network of its own. Its argument is JSON,
 * `{ own, peer, pairKey, port?, day? }`, keys in hexadecimal: with a port it announces itself to the
 * peer, without one it seeks it; `day` days from today. A line on standard input says that the network is another, the end of
 * standard input ends it. It prints `ready`, `found` with an endpoint, `trouble`.
 */
import { createInterface } from 'node:readline';
import { Secret } from '../../src/engine/pairing/secret.ts';
import { LanDiscovery } from '../../src/engine/signaling/lan-discovery.ts';
import { systemClock } from '../../src/engine/system-clock.ts';

interface Given {
  readonly own: string;
  readonly peer: string;
  readonly pairKey: string;
  readonly port?: number;
  readonly day?: number;
}

const { own, peer, pairKey, port, day = 0 } = JSON.parse(process.argv[2] ?? '') as Given;

function tell(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

const discovery = new LanDiscovery({
  clock: systemClock,
  timeOfDay: () => Date.now() + day * 86_400_000,
  publicKey: Buffer.from(own, 'hex'),
  onTrouble: (error) => tell('trouble', { message: error.message }),
});
const whom = {
  pairKey: new Secret(Buffer.from(pairKey, 'hex')),
  publicKey: Buffer.from(peer, 'hex'),
};
if (port === undefined) discovery.seek(whom, (endpoint) => tell('found', endpoint));
else discovery.announce(whom, port);
tell('ready');
const lines = createInterface({ input: process.stdin });
lines.on('line', () => discovery.onNetworkChanged());
lines.on('close', () => discovery.close());
