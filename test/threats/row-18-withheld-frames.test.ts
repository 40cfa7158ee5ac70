/**
 * Row 18 of the threat table: a sender that withholds one frame, so that all behind it must wait.
 * What it can make a computer hold is bounded by the credit it was given, and by the frames.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { FRAME, parseFrame, parseOffset } from '../../src/engine/protocol/frame.ts';
import {
  DATACHANNEL_DATA_BYTES,
  EARLY_CREDIT_BYTES,
  EARLY_TOTAL_BYTES_MAX,
  INITIAL_WINDOW_BYTES,
  INITIAL_WINDOWS_TOTAL_BYTES,
  UNACKED_FRAMES_MAX,
  WAITING_FRAMES_TOTAL_MAX,
} from '../../src/shared/limits.ts';
import { Attack, connect, data } from '../support/attack.ts';

const MIB = 1024 * 1024;
const SOCKETS = 512;
/** For what is beside the payloads: frames, maps, and what the collector leaves. */
const SLACK = 16 * MIB;

let collect: () => void;

beforeAll(() => {
  setFlagsFromString('--expose-gc');
  collect = runInNewContext('gc') as () => void;
});

/** The collector gives the memory of buffers back behind its back, so it is asked twice. */
async function collectAll(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Payloads alone; the sockets themselves take some kilobytes each. */
async function payloadMemory(): Promise<number> {
  await collectAll();
  return process.memoryUsage().arrayBuffers;
}

async function memory(): Promise<number> {
  await collectAll();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const idOf = (index: number): number => 2 + 2 * index;

/** Opens sockets; the credit each was given. */
function openSockets(attack: Attack, count: number): ReadonlyMap<number, number> {
  for (let index = 0; index < count; index++) attack.send(connect(idOf(index)));
  attack.clock.advance(100);
  const credits = new Map<number, number>();
  for (const message of attack.heard.splice(0)) {
    const { type, socketId, payload } = parseFrame(message);
    if (type === FRAME.CREDIT && socketId > 0) credits.set(socketId, parseOffset(payload));
  }
  return credits;
}

/** Everything the credit of a socket allows, but its first frame. */
function* withheld(socketId: number, credit: number): Generator<Uint8Array> {
  let seq = 2;
  // The frame that never comes is of one byte.
  for (let left = credit - 1; left > 0; left -= DATACHANNEL_DATA_BYTES) {
    yield data(socketId, seq++, Math.min(left, DATACHANNEL_DATA_BYTES));
  }
}

/** Fills the credit of every socket behind a frame that is withheld, then ends the link by a crime. */
async function holdAll(): Promise<{ readonly granted: number; readonly held: number }> {
  const attack = new Attack().authenticate();
  const credits = openSockets(attack, SOCKETS);
  expect(credits.size).toBe(SOCKETS);
  const before = await memory();
  for (const [socketId, credit] of credits) {
    for (const message of withheld(socketId, credit)) attack.peer.send(message);
    attack.clock.advance(1);
  }
  attack.heard.length = 0;
  const held = (await memory()) - before;
  expect(attack.told).toBe(false);
  // One byte is left of the credit.
  attack.send(data(idOf(0), 900, 2));
  attack.clock.advance(15_000);
  expect(attack.code).toBe('E_PROTOCOL');
  const granted = [...credits.values()].reduce((sum, credit) => sum + credit, 0);
  return { granted, held };
}

describe('row 18: a frame that never comes', () => {
  test('row 18: what waits behind it is within the credit, and gone with the link', async () => {
    const before = await memory();
    const { granted, held } = await holdAll();
    console.log(`granted ${granted}, held ${held}`);
    // First windows shrink from the 129th socket on.
    const fair = INITIAL_WINDOWS_TOTAL_BYTES / INITIAL_WINDOW_BYTES;
    const cap = INITIAL_WINDOWS_TOTAL_BYTES * (1 + Math.log(SOCKETS / fair));
    expect(granted).toBeLessThanOrEqual(cap * 1.02);
    // The attack is one: nearly all of it waits.
    expect(held).toBeGreaterThan(granted * 0.9);
    expect(held).toBeLessThan(granted * 1.1 + SLACK);
    expect((await memory()) - before).toBeLessThan(SLACK);
  });

  test('row 18: small frames are bounded by their number', async () => {
    const attack = new Attack().authenticate();
    const before = await memory();
    let [sent, held] = [0, 0];
    openSockets(attack, SOCKETS);
    for (let index = 0; index < SOCKETS && !attack.told; index++) {
      for (let seq = 2; seq < UNACKED_FRAMES_MAX && !attack.told; seq++, sent++) {
        attack.peer.send(data(idOf(index), seq, 1));
      }
      attack.clock.advance(1);
      attack.heard.length = 0;
      if (index === 60) held = (await memory()) - before;
    }
    attack.clock.advance(1000);
    expect(attack.code).toBe('E_PROTOCOL');
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(4 * SLACK);
    expect(sent).toBeGreaterThanOrEqual(WAITING_FRAMES_TOTAL_MAX);
    expect(sent).toBeLessThan(WAITING_FRAMES_TOTAL_MAX + 2 * UNACKED_FRAMES_MAX);
  });

  test('row 18: a CONNECT that never comes: what waits for it is bounded for the whole peer', async () => {
    const attack = new Attack().authenticate();
    const before = await payloadMemory();
    const count = (8 * EARLY_TOTAL_BYTES_MAX) / EARLY_CREDIT_BYTES;
    let most = 0;
    for (let index = 0; index < count; index++) {
      attack.send(data(idOf(index), 1, EARLY_CREDIT_BYTES));
      attack.heard.length = 0;
      if (index % 512 === 511) most = Math.max(most, (await payloadMemory()) - before);
    }
    console.log(`sent ${count * EARLY_CREDIT_BYTES}, held at most ${most}`);
    expect(most).toBeGreaterThan(EARLY_TOTAL_BYTES_MAX / 2);
    expect(most).toBeLessThan(EARLY_TOTAL_BYTES_MAX * 1.1 + MIB);
    expect(attack.targets).toEqual([]);
  });
});
