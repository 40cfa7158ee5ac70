/**
 * The fingerprints of the drawings, of the recipe and of every rendered file, so that a stale icon is
 * found without rendering: pictures differ from one Chromium to the next, fingerprints do not.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** From the path of a file to its SHA-256, in hex. */
export type Fingerprints = Readonly<Record<string, string>>;

export interface IconManifest {
  readonly sources: Fingerprints;
  readonly rendered: Fingerprints;
}

export const RENDERED = 'assets/rendered';
export const MANIFEST = `${RENDERED}/manifest.json`;

/** What the pictures follow from, besides the drawings. */
const RECIPE = ['scripts/icon-containers.ts', 'scripts/icon-recipe.ts', 'scripts/render-icons.ts'];

/** The manifest as the files below `root` would give it now. */
export function currentManifest(root: string): IconManifest {
  const assets = filesBelow(root, 'assets');
  const rendered = assets.filter((path) => path.startsWith(`${RENDERED}/`) && path !== MANIFEST);
  const drawings = assets.filter((path) => path.endsWith('.svg') && !rendered.includes(path));
  return {
    sources: fingerprints(root, [...drawings, ...RECIPE]),
    rendered: fingerprints(root, rendered),
  };
}

/** One line for each file that is not as it was when the icons were rendered; none when all are. */
export function staleIcons(root: string): string[] {
  const path = join(root, MANIFEST);
  if (!existsSync(path)) return [`${MANIFEST} is missing`];
  const { sources, rendered }: IconManifest = JSON.parse(readFileSync(path, 'utf8'));
  const now = currentManifest(root);
  return [...differences(sources, now.sources), ...differences(rendered, now.rendered)];
}

function differences(then: Fingerprints, now: Fingerprints): string[] {
  const paths = new Set([...Object.keys(then), ...Object.keys(now)]);
  return [...paths].flatMap((path) => {
    if (then[path] === now[path]) return [];
    if (then[path] === undefined) return [`${path} is new`];
    return [`${path} is ${now[path] === undefined ? 'missing' : 'different'}`];
  });
}

function fingerprints(root: string, paths: readonly string[]): Fingerprints {
  const entries = paths.toSorted().map((path) => {
    const hash = createHash('sha256').update(readFileSync(join(root, path)));
    return [path, hash.digest('hex')] as const;
  });
  return Object.fromEntries(entries);
}

function filesBelow(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length))
    .map((path) => path.replaceAll(sep, '/'));
}
