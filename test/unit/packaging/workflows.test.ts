/**
 * The workflows on GitHub, which cannot run here: they are YAML, call only what exists, pin what they
 * fetch; and the script that packs gives electron-builder the secrets that are there and no others.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readYaml } from '../../support/yaml-file.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const WORKFLOWS = join(ROOT, '.github/workflows');
const NAMES = ['ci.yml', 'release.yml'];

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: { readonly push: object };
  readonly permissions: object;
  readonly jobs: Readonly<
    Record<
      string,
      { readonly steps: readonly Step[]; readonly strategy?: { readonly matrix: object } }
    >
  >;
}

async function workflow(name: string): Promise<Workflow> {
  return (await readYaml(join(WORKFLOWS, name))) as Workflow;
}

async function stepsOf(name: string): Promise<readonly Step[]> {
  const { jobs } = await workflow(name);
  return Object.values(jobs).flatMap(({ steps }) => steps);
}

/** The names after `npm run`, wherever they stand. */
function npmScripts(text: string): string[] {
  const names = text.matchAll(/\bnpm (?:run (?:--\S+ )*)(?<name>[\w:.-]+)/g);
  return [...names].map(({ groups }) => groups?.['name'] ?? '');
}

describe.each(NAMES)('the workflow %s', (name) => {
  it('calls only scripts of package.json and files that are there', async () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const commands = (await stepsOf(name)).map(({ run }) => run ?? '').join('\n');
    const packing = readFileSync(join(WORKFLOWS, 'package.sh'), 'utf8');
    const missing = npmScripts(`${commands}\n${packing}`).filter((script) => !(script in scripts));
    expect(missing).toEqual([]);
    const paths = [...commands.matchAll(/(?:^|\s)(\.[\w/.]+)/g)].map((match) => match[1] ?? '');
    expect(paths).not.toEqual([]);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('pins each action to a version, and may only read', async () => {
    const actions = (await stepsOf(name)).flatMap(({ uses }) => uses ?? []);
    expect(actions).not.toEqual([]);
    expect(actions.filter((action) => !/^actions\/[\w-]+@v\d+\.\d+\.\d+$/.test(action))).toEqual(
      [],
    );
    expect((await workflow(name)).permissions).toEqual({ contents: 'read' });
  });
});

describe('the release', () => {
  it('is built from a tag, on three systems, with a Node that Electron takes', async () => {
    const { on, jobs } = await workflow('release.yml');
    expect(on.push).toEqual({ tags: ['v*'] });
    expect(jobs['package']?.strategy?.matrix).toEqual({
      include: [
        { system: 'linux', runner: 'ubuntu-24.04' },
        { system: 'mac', runner: 'macos-15' },
        { system: 'win', runner: 'windows-2025' },
      ],
    });
    const node = (await stepsOf('release.yml')).find(({ uses }) => uses?.includes('setup-node'));
    expect(node?.with?.['node-version']).toBe(24);
  });

  it('checks and tests before it packs, and keeps what it packed', async () => {
    const steps = await stepsOf('release.yml');
    const order = ['npm ci', 'npm run check', 'npm run test:electron', 'package.sh'];
    const found = order.map((text) => steps.findIndex(({ run }) => run?.includes(text)));
    expect(found).not.toContain(-1);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
    expect(steps.at(-1)?.uses).toContain('upload-artifact');
    expect(steps.at(-1)?.with?.['if-no-files-found']).toBe('error');
  });
});

function secrets(value: string): Record<string, string> {
  const certificates = ['MAC_CERTIFICATE', 'WINDOWS_CERTIFICATE'];
  const passwords = certificates.map((name) => `${name}_PASSWORD`);
  const notary = ['NOTARY_KEY', 'NOTARY_KEY_ID', 'NOTARY_ISSUER'];
  const names = [...certificates, ...passwords, ...notary];
  return Object.fromEntries(names.map((name) => [name, value]));
}

describe.skipIf(process.platform === 'win32')('the script that packs', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-release-'));
    for (const name of ['bin', 'release']) mkdirSync(join(folder, name));
    const npm = `#!/bin/sh
{ echo "$@"; env | grep -E '^(CSC|APPLE|MAC|WINDOWS|NOTARY)_' | sort; } >seen
: >release/porthole.deb
`;
    writeFileSync(join(folder, 'bin/npm'), npm, { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function packed(system: string, secret: string): { seen: string[]; output: string } {
    const output = join(folder, 'output');
    const env = {
      PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
      SYSTEM: system,
      GITHUB_OUTPUT: output,
      RUNNER_TEMP: folder,
      ...secrets(secret),
    };
    execFileSync(join(WORKFLOWS, 'package.sh'), { cwd: folder, env });
    const seen = readFileSync(join(folder, 'seen'), 'utf8').trim().split('\n');
    return { seen, output: readFileSync(output, 'utf8') };
  }

  it.each(['linux', 'mac', 'win'])('says that it did not sign for %s without secrets', (system) => {
    const { seen, output } = packed(system, '');
    expect(seen).toEqual([`run dist -- --${system}`, 'CSC_IDENTITY_AUTO_DISCOVERY=false']);
    expect(output).toBe('signed=unsigned\n');
  });

  it('signs and notarizes for macOS, and leaves no key behind', () => {
    const { seen, output } = packed('mac', 'secret');
    expect(seen).toEqual([
      'run dist -- --mac -c.forceCodeSigning=true',
      'APPLE_API_ISSUER=secret',
      `APPLE_API_KEY=${folder}/notary.p8`,
      'APPLE_API_KEY_ID=secret',
      'CSC_KEY_PASSWORD=secret',
      'CSC_LINK=secret',
    ]);
    expect(output).toBe('signed=signed\n');
    expect(existsSync(join(folder, 'notary.p8'))).toBe(false);
  });

  it('signs for Windows, and gives no key to Linux', () => {
    const windows = ['CSC_KEY_PASSWORD=secret', 'CSC_LINK=secret'];
    expect(packed('win', 'secret').seen.slice(1)).toEqual(windows);
    expect(packed('linux', 'secret').seen.slice(1)).toEqual(['CSC_IDENTITY_AUTO_DISCOVERY=false']);
    const sums = readFileSync(join(folder, 'release/SHA256SUMS'), 'utf8');
    expect(sums).toMatch(/^[0-9a-f]{64} {2}porthole\.deb\n$/);
  });
});
