/**
 * What travels between a rendezvous server and the host of a room, one frame in each binary
 * WebSocket message: `guest u32 | kind u8 | payload`, big-endian. The host's one connection carries
 * all its guests.
 *
 * Invariant: `parseHostFrame(encodeHostFrame(frame))` is the same frame, and what is no frame is
 * `undefined`. A server numbers its guests upwards and never again the same within a connection.
 */
import { SIGNALING_BYTES_MAX } from '../../shared/limits.ts';

/** Guest and kind, bytes. */
const HEAD_BYTES = 5;

/** Bytes a frame may have. */
export const HOST_FRAME_BYTES_MAX = HEAD_BYTES + SIGNALING_BYTES_MAX;

/** WebSocket close code for a host whose room another connection took over. */
export const REPLACED = 4000;

const OPENED = 1;
const BINARY = 2;
const TEXT = 3;
const CLOSED = 4;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type HostFrame =
  /** A guest came. Only a server says so. */
  | { readonly kind: 'opened'; readonly guest: number }
  /** Bytes of a binary message of or for a guest, the string of a text one. */
  | { readonly kind: 'message'; readonly guest: number; readonly data: Uint8Array | string }
  /** From the host: end this guest. From the server: it is gone, whoever ended it. */
  | { readonly kind: 'closed'; readonly guest: number };

/** The wire form, for a binary WebSocket message. */
export function encodeHostFrame(frame: HostFrame): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(frame.guest);
  head.writeUInt8(kindOf(frame), 4);
  if (frame.kind !== 'message') return head;
  const { data } = frame;
  return Buffer.concat([head, typeof data === 'string' ? Buffer.from(data) : data]);
}

/** Reads the bytes of a binary WebSocket message. */
export function parseHostFrame(bytes: Uint8Array): HostFrame | undefined {
  if (bytes.length < HEAD_BYTES || bytes.length > HOST_FRAME_BYTES_MAX) return undefined;
  const guest = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const payload = bytes.subarray(HEAD_BYTES);
  switch (bytes[4]) {
    case OPENED:
      return payload.length === 0 ? { kind: 'opened', guest } : undefined;
    case BINARY:
      return { kind: 'message', guest, data: payload };
    case TEXT:
      return readText(guest, payload);
    case CLOSED:
      return payload.length === 0 ? { kind: 'closed', guest } : undefined;
    case undefined:
    default:
      return undefined;
  }
}

function kindOf(frame: HostFrame): number {
  if (frame.kind === 'opened') return OPENED;
  if (frame.kind === 'closed') return CLOSED;
  return typeof frame.data === 'string' ? TEXT : BINARY;
}

function readText(guest: number, payload: Uint8Array): HostFrame | undefined {
  try {
    return { kind: 'message', guest, data: utf8.decode(payload) };
  } catch {
    return undefined;
  }
}
