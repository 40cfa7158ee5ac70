/**
 * Takes secrets out of text that goes to a log: invite links and blobs, tokens, keys, passphrases,
 * however they are spelled.
 *
 * Invariant: what this cannot tell from a secret is taken out too. What stays of a text never holds
 * 32 bytes of randomness in any usual spelling. Short device ids, share ids, addresses, ports and
 * error codes stay.
 */

const MASK = '[redacted]';

// Links, plain or percent-encoded, and what a chat or terminal has wrapped onto further lines; not
// the bare beginning of one, which sentences name.
const LINK =
  /porthole(?::|%3a)(?:\/|%2f|\\\/){2}(?!(?:pair|answer)#(?:$|\s{1,8}(?![\w-]{16,})))[^\s"'<>]*(?:\s{1,8}[\w-]{16,}|\s{0,4}[\r\n]\s{0,8}[\w-]{2,})*={0,2}/gi;
// User and password in the address of a server (RFC 3986 §3.2.1); not where a sentence says how to write it.
const CREDENTIALS =
  /(?<=\b(?:turns?|stuns?|wss?|https?):(?:\/\/)?)(?!USER(?::PASSWORD)?@)[^\s@"']+(?=@)/gi;
// A bare invite, blob or answer, whole or only its beginning.
const CODE = /\bA[QY][A-P][\w-]{19,}={0,2}/g;

/** In this order: each sees what the ones before it left. */
const SECRETS: readonly RegExp[] = [
  // Private keys in PEM (RFC 7468), their line ends as such or written as \n; also one that was cut.
  /-----BEGIN[^-]{0,64}-----(?:(?!-----END)[\s\S])*(?:-----END[^-]{0,64}-----)?/g,
  LINK,
  CREDENTIALS,
  // What is named as a secret, whatever it looks like.
  /\b(?:token|secret|pass(?:phrase|word)|(?:pair|private|secret)[\s_-]?key|seed|blob|proof)["']?\s{0,4}[:=]\s{0,4}(?:"[^"]*"|'[^']*'|[^\s,;}\])]+)/gi,
  /\bbearer\s{1,4}[^\s"',;]+/gi,
  // Codes and others, wrapped; with a short last line.
  /(?<![\w-])[\w-]{20,}(?:\s{1,8}[\w-]{20,})+(?:\s{1,8}[\w-]{2,})?={0,2}/g,
  // Base64 (RFC 4648 §4 and §5). Absolute paths look like it; few have both cases and a digit in one.
  /(?<![\w+/-])(?:(?!\/)|(?=[A-Za-z/+_-]*\d))(?=[a-z\d/+_-]*[A-Z])(?=[A-Z\d/+_-]*[a-z])[\w+/-]{40,}={0,2}/g,
  // 32 bytes and more in base64url, hexadecimal or base32: 43, 64 and 52 characters.
  /[\w-]{43,}={0,2}(?:\r?\n\s{0,8}[\w-]{2,})?/g,
  // What is shorter; only now, for it would leave the rest of a longer one standing.
  CODE,
  // Bytes one by one: 12:ab:…, <Buffer 12 ab …>, [18,171,…].
  /(?:0x)?[\da-f]{2}(?:(?:[:\s-]|,\s?)(?:0x)?[\da-f]{2}){15,}/gi,
  /\d{1,3}(?:\s?,\s{0,8}\d{1,3}){15,}/g,
];

/** `text` with `[redacted]` in the place of every secret in it. Applying it again changes nothing. */
export function redact(text: string): string {
  return SECRETS.reduce((left, secret) => left.replaceAll(secret, MASK), text);
}

/**
 * The same for what is only said to the person at this computer: takes out what they may have typed
 * in the wrong place (codes, passwords of servers), and leaves paths and names as they are.
 */
export function redactTyped(text: string): string {
  return [CREDENTIALS, CODE].reduce((left, secret) => left.replaceAll(secret, MASK), text);
}
