/** Bytes in JSON: base64url (RFC 4648 §5) without padding. */
import * as v from 'valibot';
import { Secret } from '../pairing/secret.ts';

/** Text that stands for exactly `length` bytes, in its one canonical form. */
function base64urlText(length: number) {
  return v.pipe(
    v.string(),
    v.check((text) => {
      const bytes = Buffer.from(text, 'base64url');
      return bytes.length === length && bytes.toString('base64url') === text;
    }),
  );
}

/** Reads `length` bytes. */
export function bytesSchema(length: number): v.GenericSchema<string, Uint8Array> {
  return v.pipe(
    base64urlText(length),
    v.transform((text) => Uint8Array.from(Buffer.from(text, 'base64url'))),
  );
}

/** Reads `length` secret bytes. */
export function secretSchema(length: number): v.GenericSchema<string, Secret> {
  return v.pipe(
    bytesSchema(length),
    v.transform((bytes) => new Secret(bytes)),
  );
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
