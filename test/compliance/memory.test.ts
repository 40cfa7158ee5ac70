/**
 * The suite over the engine alone: two sessions in this process with real TCP at both ends, and
 * between them a carrier in memory that does its worst. A tenth of all messages is overtaken by
 * those of the next milliseconds, and some come twice, the second time when their socket may be gone.
 *
 * What the carrier does depends on the seed and on when the operating system hands over the bytes,
 * so a seed repeats a run nearly; test/simulation repeats exactly.
 */
import { seededRandom } from '../../src/shared/random.ts';
import { SessionPair } from '../support/session-pair.ts';
import { describeTunnel } from './tunnel-compliance.ts';
import type { Way } from './tunnel-under-test.ts';

const CARRIER = {
  faults: { delayMs: [0, 5], delayedShare: 0.1 },
  duplicates: 0.05,
  lateMs: 20,
} as const;

/** Those of the tests are among them; where it matters they are closed by then. */
function socketsOfThisProcess(): number {
  return process.getActiveResourcesInfo().filter((type) => type === 'TCPSocketWrap').length;
}

/** A session has its shares from the start, so each target of the suite has its own pair. */
async function openSessions(seed: number): Promise<Way> {
  const random = seededRandom(seed);
  return Promise.resolve({
    forward: async (target) => {
      const { pair, port } = await SessionPair.start({ target, random, ...CARRIER });
      return { port, close: async () => pair.stop() };
    },
    close: async () => Promise.resolve(),
    open: socketsOfThisProcess,
  });
}

describeTunnel('two sessions joined in memory', openSessions);
