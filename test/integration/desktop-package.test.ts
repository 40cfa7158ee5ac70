/**
 * electron-builder itself packs a project with the real configuration and the real node_modules into a
 * stand-in for Electron (a file with a fuse wire), which cannot be downloaded here. What is in the
 * archive, which fuses are set, what a Linux package installs, what macOS reads of the app.
 */
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativePackage } from '../../scripts/require-native.ts';
import type { LinuxPackage } from '../support/pack-child.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHILD = join(ROOT, 'test/support/pack-child.ts');
const PACK_TIMEOUT_MS = 180_000;
const LANGUAGES = ['de', 'en-US', 'fr', 'zh-CN', 'zh-TW'];
/** What Electron looks for in its own file (docs/tutorial/fuses.md), with its 8 fuses as they come. */
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const FUSE_WIRE = `${FUSE_SENTINEL}\u0001\u000810110001`;
/** In the order of the wire; `1` is on. */
const FUSES_WANTED = '01001100';

const run = promisify(execFile);
let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'porthole-package-'));
  const parts = ['package.json', 'package-lock.json', 'electron-builder.yml', 'LICENSE'];
  for (const part of [...parts, 'assets', 'build', 'scripts/require-native.ts']) {
    cpSync(join(ROOT, part), join(project, part), { recursive: true });
  }
  // Not a symbolic link: npm does not see the dependencies of dependencies behind one.
  linkTree(realpathSync(join(ROOT, 'node_modules')), join(project, 'node_modules'));
  const made = ['dist/main/main.js', 'dist/renderer/index.html', 'dist/engine/engine.js'];
  const left = ['dist/main/main.js.map', 'dist/main/main.d.ts', 'dist/test-types/a.js'];
  const kept = ['src/main/main.ts', 'test/a.test.ts', 'docs/a.md', 'dist/engine/.tsbuildinfo'];
  for (const path of [...made, ...left, ...kept]) put(path, '// A file.\n');
  putElectronForLinux();
  putElectronForMac();
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** The same files under another path; copied where that is on another disk. */
function linkTree(from: string, to: string): void {
  const linked = spawnSync('cp', ['-al', from, to]);
  if (linked.status === 0) return;
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

function put(path: string, content: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), content);
}

function putElectronForLinux(): void {
  put('electron-linux/electron', FUSE_WIRE);
  put('electron-linux/chrome-sandbox', '');
  put('electron-linux/LICENSE', 'of Electron');
  for (const language of LANGUAGES) put(`electron-linux/locales/${language}.pak`, '');
  mkdirSync(join(project, 'electron-linux/resources'));
}

function putElectronForMac(): void {
  const contents = 'electron-mac/Electron.app/Contents';
  const framework = `${contents}/Frameworks/Electron Framework.framework`;
  const helper = `${contents}/Frameworks/Electron Helper.app/Contents`;
  const plist =
    '<plist version="1.0"><dict><key>CFBundleVersion</key><string>1</string></dict></plist>';
  for (const folder of [contents, helper]) put(`${folder}/Info.plist`, plist);
  put(`${contents}/MacOS/Electron`, '');
  put(`${helper}/MacOS/Electron Helper`, '');
  put(`${framework}/Electron Framework`, FUSE_WIRE);
  for (const folder of [contents, `${framework}/Versions/A`]) {
    for (const language of ['de', 'en', 'zh_CN', 'zh_TW']) {
      put(`${folder}/Resources/${language}.lproj/locale.pak`, '');
    }
  }
}

async function pack(platform: 'linux' | 'mac', arch: string): Promise<readonly LinuxPackage[]> {
  const report = join(project, `${platform}.json`);
  const args = ['--import', 'tsx', CHILD, platform, arch, `electron-${platform}`, report];
  const environment = { ...process.env, CSC_IDENTITY_AUTO_DISCOVERY: 'false' };
  await run(process.execPath, args, { cwd: project, env: environment });
  return JSON.parse(readFileSync(report, 'utf8'));
}

/** The paths in an asar archive: two sizes, then JSON (electron/asar, README, Format). */
function filesOf(archive: string): string[] {
  const content = readFileSync(archive);
  const header = content.toString('utf8', 16, 16 + content.readUInt32LE(12));
  return pathsOf(JSON.parse(header), '');
}

interface AsarNode {
  readonly files?: Readonly<Record<string, AsarNode>>;
}

function pathsOf({ files }: AsarNode, path: string): string[] {
  if (files === undefined) return [path.slice(1)];
  return Object.entries(files).flatMap(([name, node]) => pathsOf(node, `${path}/${name}`));
}

/** The module a packed file belongs to, by its name with and without a scope. */
function modulesOn(path: string): string[] {
  const [folder, first, second] = path.split('/');
  return folder === 'node_modules' ? [`${first}`, `${first}/${second}`] : [];
}

function fusesOf(path: string): string {
  const text = readFileSync(join(project, path), 'latin1');
  const wire = text.indexOf(FUSE_SENTINEL) + FUSE_SENTINEL.length + 2;
  return text.slice(wire, wire + FUSES_WANTED.length);
}

describe('the packages for Linux', () => {
  const app = 'release/linux-unpacked';
  let packages: readonly LinuxPackage[];
  let files: string[];

  beforeAll(async () => {
    packages = await pack('linux', 'x64');
    files = filesOf(join(project, app, 'resources/app.asar'));
  }, PACK_TIMEOUT_MS);

  it('hold what runs, and neither sources nor tests nor types', () => {
    const own = files.filter((path) => !/^(node_modules|assets)\//.test(path));
    expect(own.toSorted()).toEqual([
      'LICENSE',
      'dist/engine/engine.js',
      'dist/main/main.js',
      'dist/renderer/index.html',
      'package.json',
    ]);
    expect(files.filter((path) => /\.(ts|map|tsbuildinfo)$/.test(path))).toEqual([]);
    expect(files).toContain('assets/rendered/tray/linux/connected-on-dark@2x.png');
  });

  it('hold the production dependencies and no other', () => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    );
    const packed = new Set(files.flatMap(modulesOn));
    expect(Object.keys(dependencies).filter((name) => !packed.has(name))).toEqual([]);
    expect(Object.keys(devDependencies).filter((name) => packed.has(name))).toEqual([]);
  });

  it('have the binary of node-datachannel for their architecture outside the archive', () => {
    const unpacked = join(project, app, 'resources/app.asar.unpacked/node_modules');
    const name = nativePackage('linux', 'x64');
    expect(readdirSync(join(unpacked, '@node-datachannel'))).toEqual([name.split('/')[1]]);
    expect(readdirSync(join(unpacked, name))).toContain('node_datachannel.node');
  });

  it('have every fuse turned as the configuration says', () => {
    expect(fusesOf(`${app}/porthole-desktop`)).toBe(FUSES_WANTED);
  });

  it('have the three languages of the page', () => {
    const locales = readdirSync(join(project, app, 'locales')).toSorted();
    expect(locales).toEqual(['en-US.pak', 'zh-CN.pak', 'zh-TW.pak']);
  });

  it('install a desktop file that opens porthole: links and belongs to the window', () => {
    expect(packages).toHaveLength(3);
    for (const { desktopFile } of packages) {
      const lines = desktopFile.trim().split('\n');
      expect(lines[0]).toBe('[Desktop Entry]');
      expect(lines).toContain('Name=Porthole');
      expect(lines).toContain('Type=Application');
      expect(lines).toContain('Icon=porthole-desktop');
      expect(lines).toContain('StartupWMClass=porthole');
      expect(lines).toContain('Categories=Network;');
      expect(lines.filter((line) => line.startsWith('MimeType='))).toEqual([
        'MimeType=x-scheme-handler/porthole;',
      ]);
      expect(lines.find((line) => line.startsWith('Exec='))).toMatch(/ %U$/);
    }
  });

  it('put the app, the desktop file and the icons where deb and rpm want them', () => {
    const targets = packages.filter(({ fpm }) => fpm.length > 0);
    expect(targets).toHaveLength(2);
    for (const { fpm } of targets) {
      const installed = fpm.flatMap((arg) => arg.split('=').slice(1));
      expect(installed).toContain('/opt/Porthole');
      expect(installed).toContain('/usr/share/applications/porthole.desktop');
      for (const size of [16, 24, 32, 48, 64, 128, 256, 512]) {
        const folder = `/usr/share/icons/hicolor/${size}x${size}/apps`;
        expect(installed).toContain(`${folder}/porthole-desktop.png`);
      }
      expect(fpm[fpm.indexOf('--name') + 1]).toBe('porthole');
    }
  });
});

describe('the app for macOS', () => {
  const contents = 'release/mac-arm64/Porthole.app/Contents';
  let plist: string;

  beforeAll(async () => {
    await pack('mac', 'arm64');
    plist = readFileSync(join(project, contents, 'Info.plist'), 'utf8');
  }, PACK_TIMEOUT_MS);

  it('says why it asks for the local network and for the camera', () => {
    expect(plist).toMatch(/<key>NSLocalNetworkUsageDescription<\/key>\s*<string>Porthole /);
    expect(plist).toMatch(/<key>NSCameraUsageDescription<\/key>\s*<string>Porthole /);
  });

  it('has its id, opens porthole: links and stays in the Dock', () => {
    expect(plist).toMatch(
      /<key>CFBundleIdentifier<\/key>\s*<string>io\.github\.porthole\.desktop</,
    );
    expect(plist).toMatch(/<key>CFBundleURLSchemes<\/key>\s*<array>\s*<string>porthole</);
    expect(plist).toMatch(/<key>LSUIElement<\/key>\s*<false\/>/);
  });

  it('has the hash of its archive and every fuse turned', () => {
    expect(plist).toContain('<key>ElectronAsarIntegrity</key>');
    const framework = 'Frameworks/Electron Framework.framework/Electron Framework';
    expect(fusesOf(`${contents}/${framework}`)).toBe(FUSES_WANTED);
  });
});
