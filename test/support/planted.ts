/**
 * Secrets that were planted, and the search for them in what others can see, however they are
 * spelled: plain, in base64 at every offset, in hexadecimal, as numbers.
 *
 * Invariant: a hit is 12 characters in a row of a spelling (6 bytes of one in hexadecimal, 9 in
 * base64), which no other text has by chance.
 */

/** Characters in a row that count as a hit. */
const TELLING_CHARS = 12;
/** What has fewer different characters is no secret. */
const DISTINCT_CHARS_MIN = 4;
/** Bytes in a row that count as a hit where bytes are searched. */
const TELLING_BYTES = 8;

/** By the name a failure shall call it. */
export type Planted = ReadonlyMap<string, Uint8Array>;

/** The ways a secret may stand in a text. */
function spellings(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const pairs = hex.match(/../g) ?? [];
  return [
    bytes.toString('latin1'),
    hex,
    hex.toUpperCase(),
    pairs.join(' '),
    pairs.join(':').toUpperCase(),
    [...bytes].join(','),
    [...bytes].join(', '),
    ...[0, 1, 2].flatMap((offset) => inBase64(bytes, offset)),
  ];
}

/** As it stands behind `offset` bytes of something else; without the characters those decide. */
function inBase64(bytes: Buffer, offset: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const own = (text: string): string => text.replace(/=+$/, '').slice(offset === 0 ? 0 : 4, -2);
  return [own(padded.toString('base64')), own(padded.toString('base64url'))];
}

/** What of `planted` is in `text`: `name: piece`. */
export function hitsIn(text: string, planted: Planted): string[] {
  return [...planted].flatMap(([name, secret]) =>
    spellings(secret).flatMap((spelling) => {
      const piece = piecesOf(spelling).find((part) => text.includes(part));
      return piece === undefined ? [] : [`${name}: ${JSON.stringify(piece)}`];
    }),
  );
}

function piecesOf(spelling: string): string[] {
  const length = Math.min(TELLING_CHARS, spelling.length);
  const count = Math.max(0, spelling.length - length + 1);
  const pieces = Array.from({ length: count }, (_, at) => spelling.slice(at, at + length));
  // A run of zeros is in many texts, and tells nothing.
  return pieces.filter((piece) => new Set(piece).size >= DISTINCT_CHARS_MIN);
}

/** The same in bytes, where also the secret itself may stand. */
export function hitsInBytes(data: Uint8Array, planted: Planted): string[] {
  const haystack = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const raw = [...planted].flatMap(([name, secret]) => {
    const bytes = Buffer.from(secret);
    const length = Math.min(TELLING_BYTES, bytes.length);
    for (let at = 0; at + length <= bytes.length; at++) {
      const piece = bytes.subarray(at, at + length);
      if (new Set(piece).size >= DISTINCT_CHARS_MIN && haystack.includes(piece))
        return [`${name}: raw`];
    }
    return [];
  });
  return [...raw, ...hitsIn(haystack.toString('latin1'), planted)];
}
