/**
 * `<data folder>/web-ui.json`: the port the web UI had last, so that an open tab, and a bookmark, find
 * it there again.
 *
 * Invariant: it is a wish only. A file that cannot be read or written costs the same port, no more.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { realFileSystem } from '../../engine/store/file-system.ts';
import { readPrivateFile, replacePrivateFile } from '../../engine/store/private-file.ts';
import { parseMessage } from '../../shared/calls/messages.ts';

const NAME = 'web-ui.json';
const FileSchema = v.object({
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
});

export function rememberedPort(dataDir: string): number | undefined {
  const reading = readPrivateFile(realFileSystem, join(dataDir, NAME), 'plain');
  if (reading.kind !== 'bytes') return undefined;
  return parseMessage(FileSchema, Buffer.from(reading.bytes).toString('utf8'))?.port;
}

export function rememberPort(dataDir: string, port: number): void {
  if (rememberedPort(dataDir) === port) return;
  const bytes = Buffer.from(`${JSON.stringify({ version: 1, port })}\n`);
  try {
    replacePrivateFile(realFileSystem, join(dataDir, NAME), { bytes, previous: 'drop' });
  } catch {
    // On a full disk it is another port the next time.
  }
}
