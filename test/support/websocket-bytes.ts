/**
 * What is in a recorded direction of a WebSocket connection (RFC 6455 §5.2), its masks lifted.
 */

/** The payloads of all frames behind the HTTP header. Throws when the recording ends within one. */
export function payloadsIn(recorded: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  let at = recorded.indexOf('\r\n\r\n') + 4;
  if (at < 4) return [];
  while (at < recorded.length) {
    const frame = readFrame(recorded, at);
    payloads.push(frame.payload);
    at = frame.end;
  }
  return payloads;
}

function readFrame(recorded: Buffer, at: number): { payload: Buffer; end: number } {
  const second = recorded.readUInt8(at + 1);
  const short = second & 0x7f;
  const length = short === 126 ? recorded.readUInt16BE(at + 2) : short;
  if (short === 127) throw new RangeError('a frame of more than 64 KiB');
  const maskAt = at + (short === 126 ? 4 : 2);
  const isMasked = (second & 0x80) !== 0;
  const start = isMasked ? maskAt + 4 : maskAt;
  const end = start + length;
  if (end > recorded.length) throw new RangeError('a frame is cut');
  const mask = isMasked ? recorded.subarray(maskAt, start) : Buffer.alloc(4);
  const payload = recorded.subarray(start, end);
  const bare = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return { payload: Buffer.from(bare), end };
}
