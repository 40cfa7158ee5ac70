/**
 * RST: an abort at one end is an abort at the other, behind the bytes that came before it, and a
 * target that refuses is not a connection that ends politely. With peers in Node, and with peers in
 * Python, because Node itself reports some resets as ends.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { needs } from '../support/programs.ts';
import type { PythonReport, PythonStep } from '../support/python.ts';
import { pythonDigest } from '../support/python.ts';
import { closed, dial, readToEnd, receive, send, within } from '../support/tcp.ts';
import type { TunnelUnderTest } from './tunnel-under-test.ts';

/** Fits into what TCP sends unasked, so it is on its way when the reset follows. */
const BEFORE_RESET = 40_000;

/** Whether data and reset come together is a matter of luck: several tries see both. */
const ROUNDS = 10;

/** Once both ends are known to be connected: an early reset may undo the opening. */
async function greet(from: Socket, to: Socket): Promise<void> {
  from.write('!');
  await within('the greeting', once(to.resume(), 'data'));
  to.pause();
}

async function writeAll(socket: Socket, bytes: Buffer): Promise<void> {
  await within('writing', new Promise<void>((resolve) => socket.write(bytes, () => resolve())));
}

interface PythonCase {
  readonly what: string;
  readonly client: readonly PythonStep[];
  readonly server: readonly PythonStep[];
  /** Which side's report of which step is judged, and what it must say. */
  readonly judged: 'client' | 'server';
  readonly step: number;
  readonly received: { readonly bytes: number; readonly digest: string };
  readonly ending: RegExp;
}

const HELLO = 5;
const SEED_UP = 11;
const SEED_DOWN = 12;
const NOTHING = { bytes: 0, digest: pythonDigest(0, 0) };
const ALL_UP = { bytes: BEFORE_RESET, digest: pythonDigest(SEED_UP, BEFORE_RESET) };
const ALL_DOWN = { bytes: BEFORE_RESET, digest: pythonDigest(SEED_DOWN, BEFORE_RESET) };

const PYTHON_CASES: readonly PythonCase[] = [
  {
    what: 'a reset by the client is a reset at the server',
    client: [['recv', HELLO], ['rst']],
    server: [['send', SEED_DOWN, HELLO], ['recv-all']],
    judged: 'server',
    step: 1,
    received: NOTHING,
    ending: /^ECONNRESET$/,
  },
  {
    what: 'a reset by the server is a reset at the client',
    client: [['send', SEED_UP, HELLO], ['recv-all']],
    server: [['recv', HELLO], ['rst']],
    judged: 'client',
    step: 1,
    received: NOTHING,
    ending: /^ECONNRESET$/,
  },
  {
    what: 'a reset by the client right behind data: all data, then the reset',
    client: [['recv', HELLO], ['send', SEED_UP, BEFORE_RESET], ['rst']],
    server: [['send', SEED_DOWN, HELLO], ['recv-all']],
    judged: 'server',
    step: 1,
    received: ALL_UP,
    ending: /^ECONNRESET$/,
  },
  {
    what: 'a reset by the server right behind data: all data, then the reset',
    client: [['send', SEED_UP, HELLO], ['recv-all']],
    server: [['recv', HELLO], ['send', SEED_DOWN, BEFORE_RESET], ['rst']],
    judged: 'client',
    step: 1,
    received: ALL_DOWN,
    ending: /^ECONNRESET$/,
  },
  {
    what: 'an end by the client stays an end',
    client: [['send', SEED_UP, BEFORE_RESET], ['fin'], ['recv-all']],
    server: [['recv-all'], ['close']],
    judged: 'server',
    step: 0,
    received: ALL_UP,
    ending: /^eof$/,
  },
  {
    what: 'an end by the server stays an end',
    client: [['recv-all'], ['close']],
    server: [['send', SEED_DOWN, BEFORE_RESET], ['fin'], ['recv-all']],
    judged: 'client',
    step: 0,
    received: ALL_DOWN,
    ending: /^eof$/,
  },
  {
    what: 'a server that closes with bytes unread resets the client',
    client: [['send', SEED_UP, BEFORE_RESET], ['signal', 'sent'], ['recv-all']],
    server: [['recv', 10], ['await', 'sent'], ['close']],
    judged: 'client',
    step: 2,
    received: NOTHING,
    ending: /^ECONNRESET$/,
  },
  {
    what: 'a client that closes with bytes unread resets the server',
    client: [['recv', 10], ['await', 'sent too'], ['close']],
    server: [['send', SEED_DOWN, BEFORE_RESET], ['signal', 'sent too'], ['recv-all']],
    judged: 'server',
    step: 2,
    received: NOTHING,
    ending: /^ECONNRESET$/,
  },
  {
    what: 'a reset by the client after the end of the server is a reset at the server',
    client: [['recv-all'], ['rst']],
    server: [['fin'], ['recv-all']],
    judged: 'server',
    step: 1,
    received: NOTHING,
    ending: /^ECONNRESET$/,
  },
  {
    what: 'a reset by the server after the end of the client is a reset at the client',
    // An end without a byte before it would pass for a look at whether the target answers.
    client: [['send', SEED_UP, HELLO], ['fin'], ['recv-all']],
    server: [['recv-all'], ['rst']],
    judged: 'client',
    step: 2,
    received: NOTHING,
    ending: /^ECONNRESET$/,
  },
  {
    what: 'an end and a reset by the client right behind data: all data, then it is over',
    client: [['recv', HELLO], ['send', SEED_UP, BEFORE_RESET], ['fin'], ['rst']],
    server: [['send', SEED_DOWN, HELLO], ['recv-all']],
    judged: 'server',
    step: 1,
    received: ALL_UP,
    ending: /^(?:ECONNRESET|eof)$/,
  },
  {
    // Node cannot tell the two apart here, so a way in Node may end it politely.
    what: 'data and a reset by the client after the end of the server: all data, then it is over',
    client: [['recv-all'], ['send', SEED_UP, BEFORE_RESET], ['rst']],
    server: [['fin'], ['recv-all']],
    judged: 'server',
    step: 1,
    received: ALL_UP,
    ending: /^(?:ECONNRESET|eof)$/,
  },
];

async function runCase(tunnel: TunnelUnderTest, wanted: PythonCase): Promise<PythonReport> {
  const { peer, port } = await tunnel.python();
  const [server, client] = await Promise.all([
    peer.server(wanted.server),
    peer.client(port, wanted.client),
  ]);
  const report = (wanted.judged === 'client' ? client : server)[wanted.step];
  if (report === undefined) {
    throw new Error(`no report: ${JSON.stringify({ client, server })}`);
  }
  return report;
}

function describeNodeResets(tunnel: () => TunnelUnderTest): void {
  test.each(['client', 'server'] as const)('a reset by the %s arrives as a reset', async (who) => {
    const { client, server } = await tunnel().pair();
    await greet(client, server);
    const [first, second] = who === 'client' ? [client, server] : [server, client];
    first.resetAndDestroy();
    expect(await receive(second, tunnel().up)).toEqual({ bytes: 0, ending: 'ECONNRESET' });
    await closed(second);
  });

  test.each(['client', 'server'] as const)(
    'a reset by the %s right behind data: all data, then the reset',
    async (who) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { client, server } = await tunnel().pair();
        await greet(client, server);
        const [first, second] = who === 'client' ? [client, server] : [server, client];
        await writeAll(first, tunnel().up.take(BEFORE_RESET));
        first.resetAndDestroy();
        const received = await receive(second, tunnel().up);
        expect(received).toEqual({ bytes: BEFORE_RESET, ending: 'ECONNRESET' });
      }
    },
  );

  test('resets right behind data, while another connection floods the way', async () => {
    const flood = await tunnel().pair();
    const flooding = send(flood.client, { bytes: tunnel().up, total: 1024 ** 3 });
    const arriving = readToEnd(flood.server, () => undefined);
    for (let round = 0; round < ROUNDS; round++) {
      const { client, server } = await tunnel().pair();
      await greet(server, client);
      await writeAll(client, tunnel().up.take(BEFORE_RESET));
      client.resetAndDestroy();
      const received = await receive(server, tunnel().up);
      expect(received).toEqual({ bytes: BEFORE_RESET, ending: 'ECONNRESET' });
    }
    expect(flood.client.destroyed).toBe(false);
    flood.client.resetAndDestroy();
    await Promise.all([flooding, arriving]);
  });

  test.each(['client', 'server'] as const)(
    'a reset by the %s ends what is flowing towards it',
    async (who) => {
      const { client, server } = await tunnel().pair();
      const [first, second] = who === 'client' ? [client, server] : [server, client];
      const sending = send(second, { bytes: tunnel().up, total: 1024 ** 3 });
      await within('bytes', once(first.resume(), 'data'));
      first.resetAndDestroy();
      await closed(second, 'the sender');
      expect(second.errored).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
      expect(await sending).toBeLessThan(1024 ** 3);
    },
  );

  test('a client that leaves after its own end stops what the server sends', async () => {
    const { client, server } = await tunnel().pair();
    client.end();
    expect(await receive(server, tunnel().up)).toEqual({ bytes: 0, ending: 'end' });
    const sending = send(server, { bytes: tunnel().down, total: 1024 ** 3 });
    await within('bytes', once(client.resume(), 'data'));
    client.resetAndDestroy();
    await closed(server, 'the server');
    expect(await sending).toBeLessThan(1024 ** 3);
  });
}

function describeRefusals(tunnel: () => TunnelUnderTest): void {
  test.each(['at once', 'after it sent data', 'after it sent data and ended'])(
    'a target that refuses resets the client, %s',
    async (when) => {
      const client = tunnel().adopt(dial(await tunnel().refusedPort()));
      if (when !== 'at once') client.write(tunnel().up.slice(0, 1000));
      if (when.endsWith('ended')) client.end();
      let bytes = 0;
      const ending = await readToEnd(client, (chunk) => (bytes += chunk.length));
      expect(ending).toMatch(/^(ECONNRESET|ECONNREFUSED|EPIPE)$/);
      expect(bytes).toBe(0);
    },
  );
}

/** Must be right behind data, or a client in Node sees an end; see test/support/tcp.ts. */
export function describeResets(tunnel: () => TunnelUnderTest): void {
  describe('resets', () => {
    describeNodeResets(tunnel);
    describeRefusals(tunnel);

    const python = needs('python3');
    describe.skipIf(python.missing)(`peers that are not Node${python.note}`, () => {
      for (const wanted of PYTHON_CASES) {
        test(`Python: ${wanted.what}`, async () => {
          for (let round = 0; round < ROUNDS; round++) {
            const report = await runCase(tunnel(), wanted);
            expect(report.ending).toMatch(wanted.ending);
            expect({ bytes: report.bytes, digest: report.sha256 }).toEqual(wanted.received);
          }
        });
      }

      test('a target that refuses is a reset without a byte', async () => {
        const { peer } = await tunnel().python();
        const reports = await peer.client(await tunnel().refusedPort(), [['recv-all']]);
        const last = reports.at(-1);
        expect(last?.ending).toMatch(/^(ECONNRESET|ECONNREFUSED)$/);
        expect(last?.bytes ?? 0).toBe(0);
      });
    });
  });
}
