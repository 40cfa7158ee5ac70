/**
 * Reads PNG files as Chromium writes them: 8 bits, RGB or RGBA, not interlaced (PNG specification,
 * 3rd edition, clauses 9 and 10). Anything else throws.
 */
import { inflateSync } from 'node:zlib';

/** Pixels row by row, four bytes each: red, green, blue, alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const CHUNK_OVERHEAD_BYTES = 12;
const OPAQUE = 255;
const CHANNELS = new Map([
  [2, 3],
  [6, 4],
]);

export function decodePng(file: Buffer): Pixels {
  if (!file.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw new Error('not a PNG');
  const chunks = chunksOf(file);
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  if (header === undefined) throw new Error('a PNG without a header');
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const channels = CHANNELS.get(header.readUInt8(9));
  if (header.readUInt8(8) !== 8 || channels === undefined || header.readUInt8(12) !== 0) {
    throw new Error('a PNG of another kind');
  }
  const compressed = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data);
  const rows = unfiltered(inflateSync(Buffer.concat(compressed)), width * channels, channels);
  return { width, height, rgba: withAlpha(rows, channels) };
}

function chunksOf(file: Buffer): { type: string; data: Buffer }[] {
  const chunks = [];
  let at = SIGNATURE.length;
  while (at < file.length) {
    const length = file.readUInt32BE(at);
    const type = file.toString('ascii', at + 4, at + 8);
    chunks.push({ type, data: file.subarray(at + 8, at + 8 + length) });
    at += length + CHUNK_OVERHEAD_BYTES;
  }
  return chunks;
}

/** Undoes the filter that the first byte of each row names. */
function unfiltered(data: Buffer, rowBytes: number, channels: number): Uint8Array {
  const rows = data.length / (rowBytes + 1);
  const result = new Uint8Array(rows * rowBytes);
  for (let row = 0; row < rows; row += 1) {
    const filter = data.readUInt8(row * (rowBytes + 1));
    const start = row * rowBytes;
    for (let x = 0; x < rowBytes; x += 1) {
      const left = x < channels ? 0 : (result[start + x - channels] ?? 0);
      const up = row === 0 ? 0 : (result[start + x - rowBytes] ?? 0);
      const corner = x < channels || row === 0 ? 0 : (result[start + x - rowBytes - channels] ?? 0);
      const raw = data.readUInt8(row * (rowBytes + 1) + 1 + x);
      result[start + x] = raw + predicted(filter, { left, up, corner });
    }
  }
  return result;
}

function predicted(filter: number, near: { left: number; up: number; corner: number }): number {
  const { left, up, corner } = near;
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return Math.floor((left + up) / 2);
    case 4:
      return nearest(left + up - corner, [left, up, corner]);
    default:
      throw new Error(`a PNG with filter ${filter}`);
  }
}

/** The first of the candidates that is closest. */
function nearest(value: number, candidates: readonly [number, number, number]): number {
  let [best] = candidates;
  for (const candidate of candidates) {
    if (Math.abs(candidate - value) < Math.abs(best - value)) best = candidate;
  }
  return best;
}

function withAlpha(rows: Uint8Array, channels: number): Uint8Array {
  if (channels === 4) return rows;
  const pixels = rows.length / channels;
  const rgba = new Uint8Array(pixels * 4).fill(OPAQUE);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    rgba.set(rows.subarray(pixel * channels, (pixel + 1) * channels), pixel * 4);
  }
  return rgba;
}
