/**
 * Who owns a file or folder and who else may use it. Windows keeps no such thing in a mode: there
 * the user's profile, which only they can open, is all there is.
 */
import type { Stats } from 'node:fs';
import { type PortholeError, portholeError } from '../../shared/errors.ts';

/** Every permission of the group and of others. */
const OTHERS = 0o077;
const ROOT = 0;

/** Whether anybody but the owner may read, write or enter it. */
export function isOpenToOthers({ mode }: Stats): boolean {
  return process.platform !== 'win32' && (mode & OTHERS) !== 0;
}

/** Whether this user owns it. */
export function isOurs({ uid }: Stats): boolean {
  return process.geteuid === undefined || uid === process.geteuid();
}

/** Whether somebody else than this user or root owns it. */
export function isStrangers(stat: Stats): boolean {
  return !isOurs(stat) && stat.uid !== ROOT;
}

/** `E_DATA_DIR_OPEN` with a command that can be pasted into a shell. */
export function openToOthers(path: string, mode: '600' | '700'): PortholeError {
  return portholeError('E_DATA_DIR_OPEN', { path: shellWord(path), mode });
}

function shellWord(text: string): string {
  return /^[\w./+:@%-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
