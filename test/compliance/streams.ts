/** Bytes: all of them, in order, in both directions at once, however they are cut. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { seededRandom } from '../../src/shared/random.ts';
import { describe, expect, test } from 'vitest';
import { echo } from '../support/servers.ts';
import type { Ending } from '../support/tcp.ts';
import { readToEnd, receive, send, settled, takenByKernel } from '../support/tcp.ts';
import type { SeededBytes } from '../support/seeded-bytes.ts';
import type { TunnelUnderTest } from './tunnel-under-test.ts';

const BULK_MS = 110_000;
const TEST_MS = 120_000;

async function sendAndEnd(socket: Socket, bytes: SeededBytes, total: number): Promise<void> {
  await send(socket, { bytes, total });
  socket.end();
}

/** Lets other events happen, then goes on. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function sendCut(
  socket: Socket,
  { bytes, sizes }: { bytes: SeededBytes; sizes: readonly number[] },
): Promise<void> {
  let sent = 0;
  for (const size of sizes) {
    if (!socket.write(bytes.slice(sent, size))) await once(socket, 'drain');
    sent += size;
    await turn();
  }
  socket.end();
}

/** Reads one chunk in every fifth turn of the loop. */
async function readSlowly(socket: Socket, take: (chunk: Buffer) => void): Promise<Ending> {
  const later = (turns: number): void => {
    if (turns === 0) socket.resume();
    else setImmediate(later, turns - 1);
  };
  return readToEnd(
    socket,
    (chunk) => {
      take(chunk);
      socket.pause();
      later(5);
    },
    BULK_MS,
  );
}

export function describeStreams(tunnel: () => TunnelUnderTest): void {
  describe('streams', () => {
    test(
      'echo of a large stream is complete and unchanged',
      async () => {
        const { up, capabilities } = tunnel();
        const total = capabilities.echoBytes;
        tunnel().server.handle(echo);
        const client = await tunnel().connect();
        const [received] = await Promise.all([
          receive(client, up, BULK_MS),
          sendAndEnd(client, up, total),
        ]);
        expect(received).toEqual({ bytes: total, ending: 'end' });
      },
      TEST_MS,
    );

    test(
      'two different streams fill both directions at once',
      async () => {
        const { client, server } = await tunnel().pair();
        const { up, down, capabilities } = tunnel();
        const total = capabilities.floodBytes;
        const [atServer, atClient] = await Promise.all([
          receive(server, up, BULK_MS),
          receive(client, down, BULK_MS),
          sendAndEnd(client, up, total),
          sendAndEnd(server, down, total),
        ]);
        expect(atServer).toEqual({ bytes: total, ending: 'end' });
        expect(atClient).toEqual({ bytes: total, ending: 'end' });
      },
      TEST_MS,
    );

    test(
      'one byte at a time, in both directions',
      async () => {
        const { client, server } = await tunnel().pair();
        const { up, down, capabilities } = tunnel();
        const sizes = Array.from({ length: capabilities.singleBytes }, () => 1);
        const [atServer, atClient] = await Promise.all([
          receive(server, up, BULK_MS),
          receive(client, down, BULK_MS),
          sendCut(client, { bytes: up, sizes }),
          sendCut(server, { bytes: down, sizes }),
        ]);
        expect(atServer).toEqual({ bytes: sizes.length, ending: 'end' });
        expect(atClient).toEqual({ bytes: sizes.length, ending: 'end' });
      },
      TEST_MS,
    );

    test(
      'writes of every size, from one byte to 64 KiB',
      async () => {
        const { client, server } = await tunnel().pair();
        const { up } = tunnel();
        const random = seededRandom(up.seed);
        const sizes = Array.from({ length: 2000 }, () => Math.ceil(2 ** (random() * 16)));
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const [received] = await Promise.all([
          receive(server, up, BULK_MS),
          sendCut(client, { bytes: up, sizes }),
        ]);
        expect(received).toEqual({ bytes: total, ending: 'end' });
      },
      TEST_MS,
    );

    test.each(['client', 'server'] as const)(
      'the %s reads only after all buffers are full and the sender has ended: nothing is cut off',
      async (who) => {
        const pair = await tunnel().pair();
        const reader = pair[who];
        const sender = who === 'client' ? pair.server : pair.client;
        const bytes = who === 'client' ? tunnel().down : tunnel().up;
        const total = tunnel().capabilities.overflowBytes;
        // All at once into the sender's own memory, so that its end is queued behind it from the start.
        for (let at = 0; at < total; at += 65_536) sender.write(bytes.slice(at, 65_536));
        sender.end();
        await settled(() => takenByKernel(sender));
        // The buffers on the way are full.
        expect(sender.writableLength).toBeGreaterThan(0);
        const received = await receive(reader, bytes, BULK_MS);
        expect(received).toEqual({ bytes: total, ending: 'end' });
      },
      TEST_MS,
    );

    test(
      'the directions never wait for each other',
      async () => {
        const { client, server } = await tunnel().pair();
        const { up, down, capabilities } = tunnel();
        const total = capabilities.floodBytes;
        const sending = sendAndEnd(server, down, capabilities.overflowBytes);
        await settled(() => takenByKernel(server));
        // The way down is stuck, for the client does not read. The way up must not notice.
        let atServer = 0;
        const [ending] = await Promise.all([
          readSlowly(server, (chunk) => (atServer += chunk.length)),
          sendAndEnd(client, up, total),
        ]);
        expect({ bytes: atServer, ending }).toEqual({ bytes: total, ending: 'end' });
        // The way down is still stuck.
        expect(server.writableLength).toBeGreaterThan(0);
        const received = await receive(client, down, BULK_MS);
        await sending;
        expect(received).toEqual({ bytes: capabilities.overflowBytes, ending: 'end' });
      },
      TEST_MS,
    );
  });
}
