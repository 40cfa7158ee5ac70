/**
 * `<data folder>/control.json`: where the process that keeps this folder listens, and the token its
 * clients must know.
 *
 * Invariant: only this user can read the file, and it is there whole or not at all. A file that
 * somebody else could have written is not believed.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parseMessage } from '../shared/calls/messages.ts';

const NAME = 'control.json';
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

const ControlFileSchema = v.strictObject({
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** Path of a Unix socket, or name of a Windows pipe. */
  address: v.pipe(v.string(), v.nonEmpty()),
  token: v.pipe(v.string(), v.regex(/^[\w-]{43}$/)),
  /** `daemon`: takes every call; `command`: a foreground command that will end. */
  role: v.picklist(['daemon', 'command']),
});
export type ControlFile = v.InferOutput<typeof ControlFileSchema>;

export function writeControlFile(dataDir: string, content: ControlFile): void {
  const path = join(dataDir, NAME);
  const unfinished = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    fs.writeFileSync(unfinished, `${JSON.stringify(content)}\n`, { mode: OWNER_ONLY, flag: 'wx' });
    fs.renameSync(unfinished, path);
  } catch (thrown) {
    fs.rmSync(unfinished, { force: true });
    throw thrown;
  }
}

/** `undefined` when there is none, it cannot be read, or it is none that this user wrote. */
export function readControlFile(dataDir: string): ControlFile | undefined {
  const text = readOwnFile(join(dataDir, NAME));
  return text === undefined ? undefined : parseMessage(ControlFileSchema, text);
}

/** Removes the file if it is the one with this token. */
export function removeControlFile(dataDir: string, token: string): void {
  if (readControlFile(dataDir)?.token !== token) return;
  fs.rmSync(join(dataDir, NAME), { force: true });
}

function readOwnFile(path: string): string | undefined {
  try {
    const file = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
    try {
      return isOwn(file) ? fs.readFileSync(file, 'utf8') : undefined;
    } finally {
      fs.closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Windows has no owners in this sense; the access list of the folder rules there. */
function isOwn(file: number): boolean {
  const { uid, mode } = fs.fstatSync(file);
  const own = process.getuid?.();
  return own === undefined || (uid === own && (mode & OTHERS) === 0);
}
