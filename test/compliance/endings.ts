/** Half-close: each direction ends for itself, behind its last byte. */
import { describe, expect, test } from 'vitest';
import { closed, receive, send } from '../support/tcp.ts';
import type { TunnelUnderTest } from './tunnel-under-test.ts';

const HALF_MIB = 524_288;

export function describeEndings(tunnel: () => TunnelUnderTest): void {
  describe('endings', () => {
    test('the client ends first and then gets the whole answer', async () => {
      const { client, server } = await tunnel().pair();
      const { up, down } = tunnel();
      await send(client, { bytes: up, total: HALF_MIB });
      client.end();
      expect(await receive(server, up)).toEqual({ bytes: HALF_MIB, ending: 'end' });
      await send(server, { bytes: down, total: HALF_MIB });
      server.end();
      expect(await receive(client, down)).toEqual({ bytes: HALF_MIB, ending: 'end' });
      await Promise.all([closed(client), closed(server)]);
    });

    test('the server ends first and then gets all the client still sends', async () => {
      const { client, server } = await tunnel().pair();
      const { up, down } = tunnel();
      await send(server, { bytes: down, total: HALF_MIB });
      server.end();
      expect(await receive(client, down)).toEqual({ bytes: HALF_MIB, ending: 'end' });
      const received = receive(server, up);
      await send(client, { bytes: up, total: HALF_MIB });
      client.end();
      expect(await received).toEqual({ bytes: HALF_MIB, ending: 'end' });
      await Promise.all([closed(client), closed(server)]);
    });

    test.each(['client', 'server'] as const)(
      'the %s ends without a byte; the other direction works on',
      async (who) => {
        const { client, server } = await tunnel().pair();
        const { up } = tunnel();
        const [first, second] = who === 'client' ? [client, server] : [server, client];
        first.end();
        expect(await receive(second, up)).toEqual({ bytes: 0, ending: 'end' });
        const received = receive(first, up);
        // In two parts, so that the first has been read while the direction is still open.
        second.write(up.slice(0, 1000));
        second.end(up.slice(1000, 1000));
        expect(await received).toEqual({ bytes: 2000, ending: 'end' });
      },
    );

    test('both end at the same moment, with data', async () => {
      const { client, server } = await tunnel().pair();
      const { up, down } = tunnel();
      client.end(up.slice(0, 50_000));
      server.end(down.slice(0, 50_000));
      const received = await Promise.all([receive(server, up), receive(client, down)]);
      expect(received).toEqual([
        { bytes: 50_000, ending: 'end' },
        { bytes: 50_000, ending: 'end' },
      ]);
      await Promise.all([closed(client), closed(server)]);
    });

    test('the end right behind the opening and the data is not lost', async () => {
      for (let round = 0; round < 50; round++) {
        const client = await tunnel().connect();
        client.end(tunnel().up.slice(0, round));
        const server = await tunnel().server.accept();
        expect(await receive(server, tunnel().up)).toEqual({ bytes: round, ending: 'end' });
        server.end();
        expect(await receive(client, tunnel().down)).toEqual({ bytes: 0, ending: 'end' });
      }
    });

    test('an end while much is still queued comes behind it', async () => {
      const { client, server } = await tunnel().pair();
      const bytes = tunnel().up.take(8 * 1024 * 1024);
      client.end(bytes);
      // Something is queued.
      expect(client.writableLength).toBeGreaterThan(0);
      expect(await receive(server, tunnel().up)).toEqual({ bytes: bytes.length, ending: 'end' });
    });
  });
}
