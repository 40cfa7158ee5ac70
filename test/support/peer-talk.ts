/** What flows over the link of two devices, and what must be left of it. */
import { expect } from 'vitest';
import { parseHandshake } from '../../src/engine/link/handshake.ts';
import { FRAME, parseFrame } from '../../src/engine/protocol/frame.ts';
import type { PortholeError } from '../../src/shared/errors.ts';
import type { FakeLocal } from './fake-local.ts';
import type { Connection, PeerPair } from './peer-pair.ts';
import { SeededBytes } from './seeded-bytes.ts';

export const STREAM = new SeededBytes(5);
export const BOTH = [0, 1] as const;

export const codes = (errors: readonly (PortholeError | undefined)[]): (string | undefined)[] =>
  errors.map((error) => error?.code);

/** Sends this many bytes of the stream. */
export function send(local: FakeLocal, bytes: number): void {
  for (let left = bytes; left > 0;) {
    const chunk = STREAM.slice(local.sentBytes, left);
    local.send(chunk);
    left -= chunk.length;
  }
}

export function expectWhole(local: FakeLocal, bytes: number): void {
  expect(local.receivedBytes).toBe(bytes);
  expect(local.received.equals(STREAM.take(bytes))).toBe(true);
}

/** All is said, acknowledged and closed; then the links end, and no timer is left. */
export function expectNothingLeft(pair: PeerPair): void {
  expect(pair.sides.map(({ link }) => link.liveSockets)).toEqual([0, 0]);
  expect(pair.keptBytes).toEqual([0, 0]);
  expect(pair.sides.flatMap(({ log }) => log.overs)).toEqual([]);
  pair.close();
  expect(pair.clock.pendingTimers).toBe(0);
}

/** DATA, FIN and CLOSE that a side sent on these carriers, as "socket:number". */
export function sequenced(connections: readonly Connection[], side: 0 | 1): string[] {
  const types: readonly number[] = [FRAME.DATA, FRAME.FIN, FRAME.CLOSE, FRAME.CONNECT];
  return connections
    .flatMap(({ sent }) => sent[side])
    .map(parseFrame)
    .filter(({ type }) => types.includes(type))
    .map(({ socketId, seq }) => `${socketId}:${seq}`);
}

export function isResume(message: Uint8Array): boolean {
  return message[0] === FRAME.HANDSHAKE && parseHandshake(parseFrame(message)).case === 'resume';
}
