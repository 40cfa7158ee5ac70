/**
 * Answers `app://porthole/…` with the files of the page.
 *
 * Invariant: what can be asked for is a list made at the start from what is there; no part of a
 * request ever becomes a path. Every answer has the policy.
 */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { PageAnswer, PageRequest } from '../desktop/desktop.ts';
import { pagePolicy } from '../../shared/page-policy.ts';
import { PAGE_ORIGIN } from '../page-origin.ts';

const HEADERS = {
  'content-security-policy': pagePolicy(),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** What a page is made of; anything else in the folder is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

interface PageFile {
  readonly path: string;
  readonly type: string;
}

/** By path in the URL, as a browser writes it. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** The files below `folder`; `/` is its index.html. Throws the system's error when it is not there. */
export function listPageFiles(folder: string): PageFiles {
  const files = new Map<string, PageFile>();
  for (const [url, path] of walk(folder, '/')) {
    const type = TYPES[extname(path)];
    if (type !== undefined) files.set(url, { path, type });
  }
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}

function* walk(folder: string, url: string): Generator<[url: string, path: string]> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path, `${url}${encodeURIComponent(entry.name)}/`);
    else if (entry.isFile()) yield [`${url}${encodeURIComponent(entry.name)}`, path];
  }
}

export async function answerPage(files: PageFiles, request: PageRequest): Promise<PageAnswer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405);
  const file = fileFor(files, request.url);
  if (file === undefined) return refusal(404);
  try {
    const body = request.method === 'GET' ? await readFile(file.path) : null;
    return { status: 200, headers: { ...HEADERS, 'content-type': file.type }, body };
  } catch {
    // The app was updated or removed while it ran.
    return refusal(404);
  }
}

function fileFor(files: PageFiles, text: string): PageFile | undefined {
  if (!text.startsWith(`${PAGE_ORIGIN}/`) || !URL.canParse(text)) return undefined;
  const path = text.slice(PAGE_ORIGIN.length).split(/[?#]/, 1)[0];
  return path === undefined ? undefined : files.get(path);
}

function refusal(status: number): PageAnswer {
  return { status, headers: { ...HEADERS, 'content-type': 'text/plain' }, body: null };
}
