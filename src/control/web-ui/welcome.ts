/**
 * The way in for `porthole ui --open`. A program that starts a browser gives it the address as an
 * argument, which every user of the computer can read; so the browser is given a private file that
 * leads to the web UI, as Jupyter does. To a browser that is a page of elsewhere (`cross-site`), which
 * the guard refuses; it lets it through to one path that only holders of the token know, and what is
 * there goes on to the page by itself.
 *
 * Invariant: the path tells nothing of the token, and what is there does nothing but go on.
 */
import { createHash, createHmac } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { realFileSystem } from '../../engine/store/file-system.ts';
import { replacePrivateFile } from '../../engine/store/private-file.ts';
import type { PageFile } from './page-files.ts';

const FILE_NAME = 'open-ui.html';
/** The fragment with the token stays in the browser. */
const GO_ON = `location.replace('/' + location.hash);`;

export function welcomePathOf(token: string): string {
  const secret = createHmac('sha256', token).update('porthole/ui/open').digest('base64url');
  return `/open/${secret}`;
}

/** What is found at the path. */
export function welcomePage(): PageFile {
  const hash = createHash('sha256').update(GO_ON).digest('base64');
  const text = `<!doctype html><meta charset="utf-8"><title>Porthole</title><script>${GO_ON}</script>`;
  return {
    bytes: Buffer.from(text),
    type: 'text/html; charset=utf-8',
    caching: 'never',
    script: `'sha256-${hash}'`,
  };
}

/**
 * Writes the file into the data folder and returns its path. `url` is that of the web UI, with its
 * token. Throws E_DATA_DIR.
 */
export function writeOpeningFile(dataDir: string, url: string): string {
  const path = join(dataDir, FILE_NAME);
  const { origin, hash } = new URL(url);
  const token = new URLSearchParams(hash.slice(1)).get('token') ?? '';
  const target = `${origin}${welcomePathOf(token)}${hash}`;
  const text = `<!doctype html><meta charset="utf-8"><title>Porthole</title>
<meta http-equiv="refresh" content="0;url=${target}"><a href="${target}">Porthole</a>\n`;
  replacePrivateFile(realFileSystem, path, { bytes: Buffer.from(text), previous: 'drop' });
  return path;
}

/** The token in it is worth nothing any more. */
export function removeOpeningFile(dataDir: string): void {
  rmSync(join(dataDir, FILE_NAME), { force: true });
}
