/** `porthole export` and `import`: the identity and the paired devices, behind a passphrase. */
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { exportIdentity, importIdentity } from '../engine/store/identity-backup.ts';
import { openDataFolder, restoreBackup } from '../engine/store/open-data-folder.ts';
import { PortholeError, portholeError } from '../shared/errors.ts';
import { BACKUP_TEXT_BYTES_MAX } from '../shared/limits.ts';
import { InputLines } from './input-lines.ts';
import { readPassphrase } from './prompt.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';

/** Prints the backup; safe while Porthole runs, for it only reads. */
export function exportCommand(dataDir: string, reporter: Reporter): Command {
  return async (signal) => {
    const data = openDataFolder(dataDir, 'read');
    const seed = data.secrets.load('identity');
    if (seed === undefined) {
      const problem = 'This data folder has no identity yet: it gets one when it is first used.';
      throw portholeError('E_USAGE', { problem });
    }
    data.identity();
    const lines = new InputLines();
    try {
      const passphrase = await askTwice(lines, signal);
      const deviceName = data.settings.get().deviceName ?? hostname();
      const peers = data.peers.all();
      const backup = await exportIdentity({ seed, deviceName, peers }, passphrase);
      reporter.event('backup', { backup }, backup);
      reporter.aside(
        'Whoever has this and the passphrase can pass for this computer. Keep it where nobody else looks.',
      );
    } finally {
      lines.close();
    }
  };
}

export interface ImportArguments {
  readonly dataDir: string;
  /** A file with the backup; without one it is read from standard input. */
  readonly file: string | undefined;
  readonly existing: 'refuse' | 'replace';
}

/** Reads the backup, then the passphrase from standard input. */
export function importCommand(options: ImportArguments, reporter: Reporter): Command {
  return async (signal) => {
    const lines = new InputLines();
    try {
      const text = await readBackup(options.file, lines, signal);
      const backup = await importIdentity(text, await requirePassphrase(lines, signal));
      const data = openDataFolder(options.dataDir, 'write');
      try {
        restoreBackup(data, backup, options.existing);
      } finally {
        data.close();
      }
      const count = backup.peers.length;
      const paired = count === 1 ? '1 paired device' : `${count} paired devices`;
      reporter.remark(`This computer is "${backup.deviceName}" now, with ${paired}.`);
    } finally {
      lines.close();
    }
  };
}

async function readBackup(
  file: string | undefined,
  lines: InputLines,
  signal: AbortSignal,
): Promise<string> {
  if (file !== undefined) return readBackupFile(file);
  const request = { prompt: 'Paste the backup: ', bytesMax: BACKUP_TEXT_BYTES_MAX, signal };
  const line = await lines.next(request);
  if (line.kind !== 'line') throw portholeError('E_BACKUP_INVALID');
  return line.text;
}

function readBackupFile(file: string): string {
  try {
    if (statSync(file).size > BACKUP_TEXT_BYTES_MAX) throw portholeError('E_BACKUP_INVALID');
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    if (cause instanceof PortholeError) throw cause;
    throw portholeError('E_USAGE', { problem: `${file} cannot be read.` }, { cause });
  }
}

async function askTwice(lines: InputLines, signal: AbortSignal): Promise<string> {
  const passphrase = await requirePassphrase(lines, signal);
  if (!lines.isTerminal) return passphrase;
  const again = await readPassphrase(lines, { prompt: 'Again: ', signal });
  if (again === passphrase) return passphrase;
  throw portholeError('E_USAGE', { problem: 'The two passphrases differ. Nothing was exported.' });
}

async function requirePassphrase(lines: InputLines, signal: AbortSignal): Promise<string> {
  const passphrase = await readPassphrase(lines, { prompt: 'Passphrase: ', signal });
  if (passphrase !== undefined && passphrase !== '') return passphrase;
  throw portholeError('E_USAGE', { problem: 'A backup needs a passphrase, from standard input.' });
}
