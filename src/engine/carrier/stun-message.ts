/**
 * As much of STUN (RFC 8489) and TURN (RFC 8656) as it takes to ask whether a server is there:
 * requests without attributes, and the header of what comes back. Pure.
 *
 * Invariant: only an answer to the very request counts; nothing else in it is believed.
 */

/** Bytes of a transaction id (RFC 8489 §5): 96 bits, so only who saw the request can answer it. */
export const TRANSACTION_BYTES = 12;

const HEADER_BYTES = 20;
const COOKIE = 0x2112_a442;
const XOR_MAPPED_ADDRESS = 0x0020;

/**
 * What is asked. A TURN server says to `allocate` without credentials that it wants some, and sets
 * nothing aside: the attribute that says what to relay is missing too.
 */
export type StunMethod = 'binding' | 'allocate';

const METHODS = { binding: 1, allocate: 3 } as const;
const SUCCESS = 0x0100;
const ERROR = 0x0110;

/** A request without attributes. */
export function encodeStunRequest(method: StunMethod, transaction: Uint8Array): Uint8Array {
  const request = Buffer.alloc(HEADER_BYTES);
  request.writeUInt16BE(METHODS[method], 0);
  request.writeUInt32BE(COOKIE, 4);
  request.set(transaction, 8);
  return request;
}

/** The transaction a message belongs to, in hexadecimal; `undefined` for what is no STUN message. */
export function stunTransaction(message: Uint8Array): string | undefined {
  const view = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (view.length < HEADER_BYTES || view.readUInt32BE(4) !== COOKIE) return undefined;
  const length = view.readUInt16BE(2);
  if (length % 4 !== 0 || view.length !== HEADER_BYTES + length) return undefined;
  return view.toString('hex', 8, HEADER_BYTES);
}

/**
 * Whether a message that belongs to our transaction shows that the server does its work: it told
 * our address, or it answered to `allocate` at all.
 */
export function isUsefulAnswer(message: Uint8Array, method: StunMethod): boolean {
  const view = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const type = view.readUInt16BE(0);
  if (method === 'allocate') return type === (METHODS.allocate | ERROR);
  return type === (METHODS.binding | SUCCESS) && hasAttribute(view, XOR_MAPPED_ADDRESS);
}

function hasAttribute(message: Buffer, wanted: number): boolean {
  for (let at = HEADER_BYTES; at + 4 <= message.length;) {
    if (message.readUInt16BE(at) === wanted) return true;
    // Values are filled up to four bytes.
    at += 4 + Math.ceil(message.readUInt16BE(at + 2) / 4) * 4;
  }
  return false;
}
