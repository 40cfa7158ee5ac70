/**
 * The suite over the real thing: `porthole share` and `porthole join` in two processes, joined by a
 * DataChannel. A share has one target, so each target of the suite has its own pair.
 */
import { createServer } from 'node:net';
import { CliPair } from '../support/cli-pair.ts';
import { freePort } from '../support/tcp.ts';
import { describeTunnel } from './tunnel-compliance.ts';
import type { Way } from './tunnel-under-test.ts';

async function openPairs(): Promise<Way> {
  const pairs = new Map<CliPair, number>();
  return Promise.resolve({
    forward: async (target) => {
      // Not the target's own port: where nothing listens there, the forward would be its own target.
      const pair = await CliPair.start({ target, local: await freePort(createServer()) });
      pairs.set(pair, pair.openDescriptors());
      return {
        port: pair.forwardPort,
        close: async () => {
          pairs.delete(pair);
          await pair.stop();
        },
      };
    },
    close: async () => Promise.resolve(),
    open: () => [...pairs].reduce((sum, [pair, idle]) => sum + pair.openDescriptors() - idle, 0),
  });
}

describeTunnel('a DataChannel between two processes', openPairs);
