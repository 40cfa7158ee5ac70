/**
 * A reader that never reads costs bounded memory, and no other connection notices.
 *
 * What the sender could hand over is in three places: the kernel's buffers between the sender and
 * one process, those between the other process and the reader, and the two processes. The kernel
 * tells how much it holds (/proc/net/tcp) and grows its buffers as it likes (4 MiB to send and
 * 32 MiB to receive by default), so its part is subtracted and the rest is Porthole's.
 */
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CliPair, residentBytes } from '../support/cli-pair.ts';
import { heldByKernel } from '../support/kernel-buffers.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { runSeed, SeededBytes } from '../support/seeded-bytes.ts';
import { echo, TestServer } from '../support/servers.ts';
import { connectTo, readBytes, receive, send, settled, within } from '../support/tcp.ts';
import { measureStall } from '../compliance/stalls.ts';

const MIB = 1024 * 1024;
const OFFERED = 400_000_000;
const ACCEPTED_MAX = 16 * MIB;
const GROWTH_MAX = 32 * MIB;
const ECHO_BYTES = 16 * MIB;
const PINGS = 200;

const linux = existsSync('/proc/net/tcp');
if (!linux) console.warn('\n*** NOT TESTED: memory bounds need Linux (/proc). ***\n');

describe.skipIf(!linux)(`a reader that never reads${linux ? '' : ' (SKIPPED: not Linux)'}`, () => {
  let expectNothingLeft: () => Promise<void>;
  let bytes: SeededBytes;
  let server: TestServer;
  let pair: CliPair;

  beforeAll(async () => {
    expectNothingLeft = watchForLeaks();
    bytes = new SeededBytes(runSeed());
    server = await TestServer.start();
    pair = await CliPair.start({ target: { host: '127.0.0.1', port: server.port } });
  });

  afterEach(async () => {
    await server.untilIdle();
  });

  afterAll(async () => {
    await pair.stop();
    await server.close();
    await expectNothingLeft();
  });

  async function echoStream(): Promise<void> {
    server.handle(echo);
    const client = await connectTo(pair.forwardPort);
    const received = receive(client, bytes);
    await send(client, { bytes, total: ECHO_BYTES });
    client.end();
    expect(await received).toEqual({ bytes: ECHO_BYTES, ending: 'end' });
    server.handle(undefined);
  }

  /** Median round trip of a few bytes on a connection of their own, ms. */
  async function medianRoundTrip(): Promise<number> {
    server.handle(echo);
    const client = await connectTo(pair.forwardPort);
    const times: number[] = [];
    for (let sent = 0; sent < PINGS; sent++) {
      const start = performance.now();
      client.write(bytes.slice(sent, 64));
      await readBytes(client, 64);
      times.push(performance.now() - start);
    }
    const done = receive(client, bytes);
    client.end();
    await done;
    server.handle(undefined);
    return times.toSorted((a, b) => a - b)[PINGS / 2] ?? Number.NaN;
  }

  function resident(): { share: number; join: number } {
    return { share: residentBytes(pair.share.pid).now, join: residentBytes(pair.join.pid).now };
  }

  async function expectBounded(ends: {
    sender: Socket;
    reader: Socket;
    quickBefore: number;
    before: { share: number; join: number };
  }): Promise<void> {
    const stall = await measureStall(ends.sender, { bytes, offered: OFFERED, quietMs: 2000 });
    const kernel = heldByKernel(ends.sender) + heldByKernel(ends.reader);
    const held = stall.accepted - kernel;
    await echoStream();
    const quick = await medianRoundTrip();
    const after = resident();
    console.log(
      `accepted ${stall.accepted}, of that in the kernel ${kernel}, in Porthole ${held}; ` +
        `resident share ${ends.before.share} → ${after.share}, join ${ends.before.join} → ${after.join}; ` +
        `median round trip ${ends.quickBefore.toFixed(2)} → ${quick.toFixed(2)} ms`,
    );
    // The sender is stopped, not cut off.
    expect(ends.sender.errored).toBe(null);
    expect(ends.reader.errored).toBe(null);
    expect(ends.sender.writableLength).toBeGreaterThan(0);
    expect(stall.accepted).toBeLessThan(OFFERED);
    expect(held).toBeLessThan(ACCEPTED_MAX);
    expect(after.share - ends.before.share).toBeLessThan(GROWTH_MAX);
    expect(after.join - ends.before.join).toBeLessThan(GROWTH_MAX);
    expect(quick).toBeLessThan(10 * ends.quickBefore + 20);
    stall.abandon();
  }

  test.each(['client', 'server'] as const)(
    'row 19: a %s is offered 400 MB: little is taken, memory stays, others go on',
    async (who) => {
      // Once before, so that the memory any transfer takes is there already.
      await echoStream();
      const quickBefore = await medianRoundTrip();
      const idle = await settled(() => pair.openDescriptors());
      const client = await connectTo(pair.forwardPort);
      const target = await server.accept();
      const [sender, reader] = who === 'server' ? [client, target] : [target, client];
      await expectBounded({ sender, reader, quickBefore, before: resident() });
      reader.destroy();
      await within('the stopped connection closing', server.untilIdle());
      expect(await settled(() => pair.openDescriptors())).toBeLessThanOrEqual(idle);
    },
    120_000,
  );
});
