/**
 * What the packed app imports while it runs is a production dependency: electron-builder leaves the
 * others out, and the app would not start. What is bundled (the page, the preload script) is not.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BUNDLED = ['preload', 'renderer'];
/** What Electron itself answers. */
const GIVEN = ['electron'];
/** Static imports that are not of types alone, and dynamic ones. */
const IMPORTS = [
  /^(?:import|export)\s+(?!type\b)(?:[^';]*?\sfrom\s+)?'(?<name>[^'.][^']*)'/gm,
  /\bimport\('(?<name>[^'.][^']*)'\)/g,
];

function sources(): string[] {
  const folders = readdirSync(join(ROOT, 'src')).filter((name) => !BUNDLED.includes(name));
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, 'src', folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => join(ROOT, 'src', folder, path)),
  );
}

/** `@scope/name` or `name` of a specifier. */
function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function importsOf(source: string): string[] {
  return IMPORTS.flatMap((pattern) => [...source.matchAll(pattern)])
    .map(({ groups }) => groups?.['name'] ?? '')
    .filter((name) => !name.startsWith('node:') && !GIVEN.includes(name))
    .map(packageOf);
}

function runtimeImports(): string[] {
  const names = sources().flatMap((path) => importsOf(readFileSync(path, 'utf8')));
  return [...new Set(names)].toSorted();
}

describe('the production dependencies', () => {
  const pkg = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };

  it('have all that is imported at run time', () => {
    const imported = runtimeImports();
    expect(imported).toContain('node-datachannel');
    expect(imported).toContain('ws');
    expect(imported.filter((name) => !(name in pkg.dependencies))).toEqual([]);
  });

  it('have nothing that is a development dependency too', () => {
    const both = Object.keys(pkg.dependencies).filter((name) => name in pkg.devDependencies);
    expect(both).toEqual([]);
  });

  it('are seen in every form of an import', () => {
    const forms = [
      "import a from 'a';",
      "import { b } from '@b/c/d';",
      "import {\n  c,\n  type D,\n} from 'e/f';",
      "import 'g';",
      "export { h } from 'h';",
      "const i = await import('i');",
      "import type { J } from 'j';",
      "import k from './k.ts';",
      "import l from 'node:fs';",
    ];
    const seen = importsOf(forms.join('\n')).toSorted();
    expect(seen).toEqual(['@b/c', 'a', 'e', 'g', 'h', 'i']);
  });
});
