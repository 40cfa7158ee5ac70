/** A reader that never reads: it stops its own connection, nothing else, and can be got rid of. */
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { echo } from '../support/servers.ts';
import type { Received } from '../support/tcp.ts';
import { closed, receive, send, settled, takenByKernel } from '../support/tcp.ts';
import type { SeededBytes } from '../support/seeded-bytes.ts';
import type { Pair, TunnelUnderTest } from './tunnel-under-test.ts';

const STALLED = 5;
const ECHO_BYTES = 4 * 1024 * 1024;
const WHOLE_ECHO = { bytes: ECHO_BYTES, ending: 'end' };
const TEST_MS = 120_000;

export interface Stall {
  /** Bytes the kernel of the sender took in all. */
  readonly accepted: number;
  /** Ends the attempt to send more. */
  abandon(): void;
}

/**
 * Offers `offered` bytes to a connection whose other end never reads and waits until no more are
 * taken. Call `abandon` in the end.
 */
export async function measureStall(
  sender: Socket,
  { bytes, offered, quietMs = 1000 }: { bytes: SeededBytes; offered: number; quietMs?: number },
): Promise<Stall> {
  const sending = send(sender, { bytes, total: offered });
  const accepted = await settled(() => takenByKernel(sender), quietMs);
  return {
    accepted,
    abandon: () => {
      sender.resetAndDestroy();
      void sending;
    },
  };
}

async function stalledPairs(tunnel: TunnelUnderTest, sender: keyof Pair): Promise<Pair[]> {
  const offered = tunnel.capabilities.overflowBytes;
  const pairs: Pair[] = [];
  for (let made = 0; made < STALLED; made++) pairs.push(await tunnel.pair());
  await Promise.all(
    pairs.map(async (pair) =>
      measureStall(pair[sender], { bytes: tunnel.up, offered, quietMs: 500 }),
    ),
  );
  for (const pair of pairs) {
    expect(pair[sender].writableLength).toBeGreaterThan(0);
  }
  return pairs;
}

async function echoed(tunnel: TunnelUnderTest): Promise<Received> {
  tunnel.server.handle(echo);
  const client = await tunnel.connect();
  const received = receive(client, tunnel.up);
  await send(client, { bytes: tunnel.up, total: ECHO_BYTES });
  client.end();
  return received;
}

export function describeStalls(tunnel: () => TunnelUnderTest): void {
  describe('stalls', () => {
    test.each([
      ['server', 'client'],
      ['client', 'server'],
    ] as const)(
      'a %s that never reads stops only its own connection, and leaving frees it',
      async (reader, sender) => {
        const pairs = await stalledPairs(tunnel(), sender);
        expect(await echoed(tunnel())).toEqual(WHOLE_ECHO);
        for (const pair of pairs) pair[reader].destroy();
        await Promise.all(pairs.map(async (pair) => closed(pair[sender], 'the stopped sender')));
        await tunnel().expectNothingHeld();
        expect(await echoed(tunnel())).toEqual(WHOLE_ECHO);
      },
      TEST_MS,
    );

    test(
      'a sender that resets a stopped connection: the reader gets what was on its way, then the reset',
      async () => {
        const [pair] = await stalledPairs(tunnel(), 'client');
        if (pair === undefined) throw new Error('no pair');
        const taken = takenByKernel(pair.client);
        pair.client.resetAndDestroy();
        const received = await receive(pair.server, tunnel().up);
        expect(received.ending).toBe('ECONNRESET');
        expect(received.bytes).toBeLessThanOrEqual(taken);
      },
      TEST_MS,
    );
  });
}
