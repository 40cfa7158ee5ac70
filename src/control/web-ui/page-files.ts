/**
 * The files of the page, read once when the web UI starts.
 *
 * Invariant: what a browser asks for is looked up in a map and never becomes a path of the disk. Only
 * regular files of known types are in it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { WEB_UI_FILES_BYTES_MAX, WEB_UI_FILES_MAX } from '../../shared/limits.ts';

export interface PageFile {
  readonly bytes: Buffer;
  /** `Content-Type`. */
  readonly type: string;
  /** `hashed`: its name says what is in it, so it never changes. */
  readonly caching: 'hashed' | 'never';
  /** Where its scripts may come from, as CSP writes it. */
  readonly script: string;
}

/** By path, as it stands in a request. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** As Vite names what it builds: `assets/index-D3adB33f.js`. */
const HASHED = /^\/assets\/.+-[\w-]{8}\.\w+$/;

/**
 * The page in a folder; `undefined` when there is none, because it was not built. Throws what the
 * system says, and when there is far more than a page.
 */
export function readPageFiles(folder: string): PageFiles | undefined {
  const files = new Map<string, PageFile>();
  let bytes = 0;
  for (const path of pathsIn(folder)) {
    const file = readPageFile(folder, path);
    if (file === undefined) continue;
    files.set(path, file);
    bytes += file.bytes.length;
    if (files.size > WEB_UI_FILES_MAX || bytes > WEB_UI_FILES_BYTES_MAX) {
      throw new Error(`${folder} holds more than a page`);
    }
  }
  const index = files.get('/index.html');
  return index === undefined ? undefined : files.set('/', index);
}

/** Of all files below, as a request names them. */
function pathsIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `/${relative(folder, join(entry.parentPath, entry.name))}`)
      .map((path) => path.replaceAll(sep, '/'));
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  }
}

function readPageFile(folder: string, path: string): PageFile | undefined {
  const type = TYPES[extname(path)];
  if (type === undefined) return undefined;
  const caching = HASHED.test(path) ? 'hashed' : 'never';
  return { bytes: readFileSync(join(folder, path)), type, caching, script: "'self'" };
}
