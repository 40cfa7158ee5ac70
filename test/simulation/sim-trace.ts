/** A message in words, for SIM_TRACE=1. */
import { parseHandshake } from '../../src/engine/link/handshake.ts';
import { FRAME, parseFrame, parseOffset } from '../../src/engine/protocol/frame.ts';
import type { Frame } from '../../src/engine/protocol/frame.ts';

const NAMES = new Map<number, string>(Object.entries(FRAME).map(([name, type]) => [type, name]));

export function describe(message: Uint8Array): string {
  const frame = parseFrame(message);
  const name = NAMES.get(frame.type) ?? `type ${frame.type}`;
  if (frame.type === FRAME.HANDSHAKE) return describeHandshake(frame);
  if (frame.type === FRAME.ARRIVED) return `${name} ${parseOffset(frame.payload)}`;
  const credit = frame.type === FRAME.CREDIT ? `, up to ${parseOffset(frame.payload)}` : '';
  return `${name} ${frame.socketId} seq ${frame.seq}, ${frame.payload.length} bytes${credit}`;
}

function describeHandshake(frame: Frame): string {
  const { case: kind, value } = parseHandshake(frame);
  if (value === undefined) return 'HANDSHAKE';
  if (kind === 'ping' || kind === 'pong') return kind;
  const told = JSON.stringify(value, (key, field: unknown) => {
    if (key === '$typeName') return undefined;
    return field instanceof Uint8Array ? Buffer.from(field).toString('hex') : field;
  });
  return `${kind} ${told}`;
}
