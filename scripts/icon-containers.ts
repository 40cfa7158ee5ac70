/**
 * Files that hold one picture in many sizes: ICO for Windows and browsers, ICNS for macOS. Both hold
 * PNG files as they are.
 *
 * Sources: ICONDIR and ICONDIRENTRY in Microsoft's "Icons in Win32", PNG in them since Windows Vista
 * (Raymond Chen, "The evolution of the ICO file format, part 4"); the types of ICNS in
 * https://en.wikipedia.org/wiki/Apple_Icon_Image_format.
 */

/** A PNG file and the side of its square, pixels. */
export interface SizedPng {
  readonly px: number;
  readonly png: Buffer;
}

const ICO_HEADER_BYTES = 6;
const ICO_ENTRY_BYTES = 16;
const ICO_TYPE_ICON = 1;
const ICO_PLANES = 1;
const ICO_BITS = 32;
/** A side is one byte; 0 stands for 256. */
const ICO_SIDE_MAX = 256;

const ICNS_HEADER_BYTES = 8;
/** The type of each picture: for a screen of one pixel to the point, or of two. */
const ICNS_TYPES = [
  { type: 'ic11', px: 32 },
  { type: 'ic12', px: 64 },
  { type: 'ic07', px: 128 },
  { type: 'ic13', px: 256 },
  { type: 'ic08', px: 256 },
  { type: 'ic14', px: 512 },
  { type: 'ic09', px: 512 },
  { type: 'ic10', px: 1024 },
] as const;

/** An ICO file with these pictures, in this order. No side may be over 256. */
export function encodeIco(pictures: readonly SizedPng[]): Buffer {
  const header = Buffer.alloc(ICO_HEADER_BYTES);
  header.writeUInt16LE(ICO_TYPE_ICON, 2);
  header.writeUInt16LE(pictures.length, 4);
  let offset = ICO_HEADER_BYTES + pictures.length * ICO_ENTRY_BYTES;
  const entries = pictures.map((picture) => {
    const entry = icoEntry(picture, offset);
    offset += picture.png.length;
    return entry;
  });
  return Buffer.concat([header, ...entries, ...pictures.map(({ png }) => png)]);
}

function icoEntry({ px, png }: SizedPng, offset: number): Buffer {
  if (px > ICO_SIDE_MAX) throw new RangeError(`an ICO has no picture of ${px} pixels`);
  const entry = Buffer.alloc(ICO_ENTRY_BYTES);
  entry.writeUInt8(px % ICO_SIDE_MAX, 0);
  entry.writeUInt8(px % ICO_SIDE_MAX, 1);
  entry.writeUInt16LE(ICO_PLANES, 4);
  entry.writeUInt16LE(ICO_BITS, 6);
  entry.writeUInt32LE(png.length, 8);
  entry.writeUInt32LE(offset, 12);
  return entry;
}

/** An ICNS file with a picture for every type; each side that a type needs must be given. */
export function encodeIcns(pictures: readonly SizedPng[]): Buffer {
  const chunks = ICNS_TYPES.map(({ type, px }) => {
    const picture = pictures.find((candidate) => candidate.px === px);
    if (picture === undefined) throw new RangeError(`an ICNS needs a picture of ${px} pixels`);
    return icnsChunk(type, picture.png);
  });
  return icnsChunk('icns', Buffer.concat(chunks));
}

function icnsChunk(type: string, content: Buffer): Buffer {
  const header = Buffer.alloc(ICNS_HEADER_BYTES);
  header.write(type, 'ascii');
  header.writeUInt32BE(ICNS_HEADER_BYTES + content.length, 4);
  return Buffer.concat([header, content]);
}
