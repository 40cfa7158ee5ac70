/**
 * The frame codec: `type u8 | socketId u32 | seq u32 | payload`, big-endian (docs/protocol.md).
 *
 * Invariant: pure, no I/O. Whatever the bytes, parsing returns a frame or throws `E_PROTOCOL`; a
 * parsed payload is a view of the message, never a copy.
 */
import {
  CLOSE_TEXT_BYTES_MAX,
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  SHARE_ID_BYTES_MAX,
} from '../../shared/limits.ts';
import { portholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';

export const FRAME = {
  CONNECT: 0x01,
  DATA: 0x02,
  CLOSE: 0x03,
  FIN: 0x04,
  CREDIT: 0x05,
  ARRIVED: 0x07,
  CONTROL: 0x10,
  HANDSHAKE: 0x11,
  MARK: 0x80,
} as const;

/** Frame types from here on are optional: a receiver that does not know one ignores it. */
export const FIRST_OPTIONAL_TYPE = 0x80;

export interface Frame {
  /** One of `FRAME`, or one this version does not know. */
  readonly type: number;
  readonly socketId: number;
  readonly seq: number;
  readonly payload: Uint8Array;
}

/** When a CLOSE acts: behind everything sequenced before it, or the moment it arrives. */
type CloseOrder = 'in-order' | 'at-once';

export interface ConnectPayload {
  readonly shareId: Uint8Array;
  /** Highest byte offset the target's side may send, absolute. */
  readonly credit: number;
}

export interface ClosePayload {
  /** Wire reason of `ERRORS`. */
  readonly reason: number;
  readonly order: CloseOrder;
  readonly text: string;
}

const CLOSE_FIXED_BYTES = 3;
const CLOSE_AT_ONCE_FLAG = 0x01;
const U64_BYTES = 8;
const TWO_TO_32 = 0x1_0000_0000;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder();

/** The error for a peer that broke the protocol; it ends the link. */
export function protocolViolation(reason: string): PortholeError {
  return portholeError('E_PROTOCOL', { reason });
}

/** Parses one message. Throws `E_PROTOCOL` when it is shorter than a header or over 64 KiB. */
export function parseFrame(message: Uint8Array): Frame {
  if (message.length < FRAME_HEADER_BYTES) throw protocolViolation('truncated frame');
  if (message.length > FRAME_BYTES_MAX) throw protocolViolation('oversized frame');
  return {
    type: message[0] as number,
    socketId: readU32(message, 1),
    seq: readU32(message, 5),
    payload: message.subarray(FRAME_HEADER_BYTES),
  };
}

/** Writes a header into the first nine bytes of `target`. */
export function writeHeader(target: Uint8Array, frame: Omit<Frame, 'payload'>): void {
  target[0] = frame.type;
  writeU32(target, 1, frame.socketId);
  writeU32(target, 5, frame.seq);
}

/** A whole frame in a buffer of its own. */
export function encodeFrame(frame: Frame): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + frame.payload.length);
  writeHeader(bytes, frame);
  bytes.set(frame.payload, FRAME_HEADER_BYTES);
  return bytes;
}

/** CONNECT: sequence number 0, the opener's first credit and the share's id. */
export function encodeConnect(socketId: number, connect: ConnectPayload): Uint8Array {
  const payload = new Uint8Array(U64_BYTES + connect.shareId.length);
  writeU64(payload, 0, connect.credit);
  payload.set(connect.shareId, U64_BYTES);
  return encodeFrame({ type: FRAME.CONNECT, socketId, seq: 0, payload });
}

/** Throws `E_PROTOCOL` unless the payload is a credit and a share id of 1 to 64 bytes. */
export function parseConnect(payload: Uint8Array): ConnectPayload {
  const idBytes = payload.length - U64_BYTES;
  if (idBytes < 1 || idBytes > SHARE_ID_BYTES_MAX) throw protocolViolation('malformed CONNECT');
  return { credit: readU64(payload, 0), shareId: payload.subarray(U64_BYTES) };
}

export function encodeFin(socketId: number, seq: number): Uint8Array {
  return encodeFrame({ type: FRAME.FIN, socketId, seq, payload: new Uint8Array(0) });
}

/** CLOSE; its text is cut to 200 bytes, whole characters. */
export function encodeClose(socketId: number, seq: number, close: ClosePayload): Uint8Array {
  const text = utf8Prefix(close.text, CLOSE_TEXT_BYTES_MAX);
  const payload = new Uint8Array(CLOSE_FIXED_BYTES + text.length);
  payload[0] = close.reason >>> 8;
  payload[1] = close.reason & 0xff;
  payload[2] = close.order === 'at-once' ? CLOSE_AT_ONCE_FLAG : 0;
  payload.set(text, CLOSE_FIXED_BYTES);
  return encodeFrame({ type: FRAME.CLOSE, socketId, seq, payload });
}

/** Throws `E_PROTOCOL` when the payload is too short or its text too long. Unknown flags are ignored. */
export function parseClose(payload: Uint8Array): ClosePayload {
  const textBytes = payload.length - CLOSE_FIXED_BYTES;
  if (textBytes < 0 || textBytes > CLOSE_TEXT_BYTES_MAX) throw protocolViolation('malformed CLOSE');
  return {
    reason: ((payload[0] as number) << 8) | (payload[1] as number),
    order: ((payload[2] as number) & CLOSE_AT_ONCE_FLAG) === 0 ? 'in-order' : 'at-once',
    text: utf8Decoder.decode(payload.subarray(CLOSE_FIXED_BYTES)),
  };
}

/** CREDIT: everything below `nextSeq` has arrived; bytes up to the absolute offset `credit` may come. */
export function encodeCredit(socketId: number, nextSeq: number, credit: number): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + U64_BYTES);
  writeHeader(bytes, { type: FRAME.CREDIT, socketId, seq: nextSeq });
  writeU64(bytes, FRAME_HEADER_BYTES, credit);
  return bytes;
}

/** ARRIVED: bytes received on this carrier so far. */
export function encodeArrived(totalBytes: number): Uint8Array {
  return encodeOffset(FRAME.ARRIVED, totalBytes);
}

/** MARK: bytes sent on this carrier before it. */
export function encodeMark(sentBytes: number): Uint8Array {
  return encodeOffset(FRAME.MARK, sentBytes);
}

/** The one u64 that CREDIT, ARRIVED and MARK carry. Throws `E_PROTOCOL` on any other length. */
export function parseOffset(payload: Uint8Array): number {
  if (payload.length !== U64_BYTES) throw protocolViolation('malformed offset');
  return readU64(payload, 0);
}

function encodeOffset(type: number, offset: number): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + U64_BYTES);
  writeHeader(bytes, { type, socketId: 0, seq: 0 });
  writeU64(bytes, FRAME_HEADER_BYTES, offset);
  return bytes;
}

function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function readU64(bytes: Uint8Array, at: number): number {
  const value = readU32(bytes, at) * TWO_TO_32 + readU32(bytes, at + 4);
  if (value > Number.MAX_SAFE_INTEGER) throw protocolViolation('offset beyond 2^53');
  return value;
}

function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, Math.floor(value / TWO_TO_32));
  writeU32(bytes, at + 4, value >>> 0);
}

function utf8Prefix(text: string, maxBytes: number): Uint8Array {
  const whole = new Uint8Array(maxBytes);
  const { written } = utf8Encoder.encodeInto(text, whole);
  return whole.subarray(0, written);
}
