/** What the stores ask of a file system: calls of node:fs, so that a test can count and break them. */
import * as fs from 'node:fs';

export type FileSystem = Pick<
  typeof fs,
  | 'closeSync'
  | 'fstatSync'
  | 'fsyncSync'
  | 'linkSync'
  | 'openSync'
  | 'readFileSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'writeSync'
>;

export const realFileSystem: FileSystem = fs;

/** The code of a failed call, such as ENOSPC. */
export function errnoOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? 'unknown reason';
}

/** Removes a file (of a symbolic link, the link); one that is missing is fine. */
export function removeIfThere(fileSystem: FileSystem, path: string): void {
  try {
    fileSystem.unlinkSync(path);
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
  }
}
