/**
 * Reads the link of an invite from standard input: a secret never stands in an argument.
 *
 * Invariant: what comes behind the first line that is not blank is left alone, and no more than one
 * line of INVITE_TEXT_BYTES_MAX, and what one read brought, is held.
 */
import { addAbortSignal } from 'node:stream';
import { portholeError } from '../shared/errors.ts';
import { INVITE_TEXT_BYTES_MAX } from '../shared/limits.ts';

/**
 * The first line that is not blank. Throws `E_USAGE` when there is none, `E_INVITE_INVALID` when a
 * line is longer than a link can be, an `AbortError` when `signal` aborts.
 */
export async function readLink(signal: AbortSignal): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste the link: ');
  // A character is a byte then.
  const input = addAbortSignal(signal, process.stdin).setEncoding('latin1');
  try {
    return await firstLine(input as AsyncIterable<string>);
  } finally {
    process.stdin.destroy();
  }
}

async function firstLine(input: AsyncIterable<string>): Promise<string> {
  let begun = '';
  for await (const chunk of input) {
    const lines = (begun + chunk).split(/[\r\n]/);
    begun = lines.pop() ?? '';
    const link = lines.map(decodeLine).find((line) => line !== '');
    if (link !== undefined) return link;
    requireShort(begun);
  }
  const last = decodeLine(begun);
  if (last !== '') return last;
  const problem =
    'No link arrived on standard input. Paste the link that `porthole share` printed.';
  throw portholeError('E_USAGE', { problem });
}

/** The text of a line of bytes, without the blanks around it. */
function decodeLine(bytes: string): string {
  requireShort(bytes);
  return Buffer.from(bytes, 'latin1').toString('utf8').trim();
}

function requireShort(bytes: string): void {
  if (bytes.length > INVITE_TEXT_BYTES_MAX) throw portholeError('E_INVITE_INVALID');
}
