/**
 * A program of many files as one: to start the two hundred files of the built command takes Node
 * 0.65 s of computing, to start one file with the same in it 0.3 s, and a child of the tests needs
 * no tsx. For programs that a suite starts by the dozen.
 *
 * Invariant: the file has the place in its folder that the program has in this package, so that it
 * finds package.json and the libraries; `remove()` leaves nothing, and
 * neither does a program that cannot be joined.
 */
import { chmodSync, copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface OneFile {
  readonly path: string;
  readonly remove: () => void;
}

/** Joins the program that starts at `entry`, of the package at `root`. */
export async function joinFiles(entry: string, root = ROOT): Promise<OneFile> {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-one-file-'));
  // Some programs are run by another user.
  chmodSync(folder, 0o755);
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const outDir = join(folder, dirname(relative(root, entry)));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    // The library finds its native part beside its own files.
    ssr: { noExternal: true, external: ['node-datachannel'] },
    build: { ssr: entry, outDir, target: 'node20', minify: false },
  }).catch((thrown: unknown) => {
    remove();
    throw thrown;
  });
  return { path: join(outDir, `${basename(entry, extname(entry))}.js`), remove };
}
