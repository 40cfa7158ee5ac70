/**
 * electron-builder.yml: valid by electron-builder's own schema, offline, and in agreement with
 * package.json, the lock file and the files it names.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Arch } from 'app-builder-lib';
import type { BeforePackContext, Configuration } from 'app-builder-lib';
import { validateConfiguration } from 'app-builder-lib/out/util/config/config.js';
import { describe, expect, it } from 'vitest';
import { beforePack, missingBinaries, nativePackage } from '../../../scripts/require-native.ts';
import { readYaml } from '../../support/yaml-file.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const config = (await readYaml(join(ROOT, 'electron-builder.yml'))) as Configuration;
const pkg = readJson('package.json') as PackageJson;
const lock = readJson('package-lock.json') as { packages: Record<string, { version: string }> };

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly main: string;
  readonly desktopName: string;
  readonly author: string;
  readonly license: string;
  readonly description: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

interface Target {
  readonly target: string;
  readonly arch: readonly string[];
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
}

/** A copy: the validator turns values into the types it wants. */
async function validate(changed: object = {}): Promise<void> {
  const logger = { isEnabled: false } as Parameters<typeof validateConfiguration>[1];
  await validateConfiguration({ ...structuredClone(config), ...changed }, logger);
}

function targetsOf(options: { readonly target?: unknown } | null | undefined): readonly Target[] {
  return (options?.target ?? []) as readonly Target[];
}

describe('the schema of electron-builder', () => {
  it('accepts the configuration', async () => {
    await expect(validate()).resolves.toBeUndefined();
  });

  const typos = [
    { where: 'the root', change: { apId: 'x' } },
    { where: 'nsis', change: { nsis: { ...config.nsis, oneClik: true } } },
    { where: 'linux', change: { linux: { ...config.linux, mimetypes: [] } } },
    { where: 'mac', change: { mac: { ...config.mac, entitlement: 'x' } } },
    { where: 'the fuses', change: { electronFuses: { ...config.electronFuses, runAsnode: true } } },
  ];

  it.each(typos)('refuses a typo in $where', async ({ change }) => {
    await expect(validate(change)).rejects.toThrow('does not match the API schema');
  });

  it('refuses a value of another kind', async () => {
    await expect(validate({ electronFuses: { runAsNode: 'sometimes' } })).rejects.toThrow(
      'does not match the API schema',
    );
  });
});

describe('the fuses', () => {
  it('are all decided', () => {
    const schema = readJson('node_modules/app-builder-lib/scheme.json') as {
      definitions: { FuseOptionsV1: { properties: object } };
    };
    const known = Object.keys(schema.definitions.FuseOptionsV1.properties);
    expect(Object.keys(config.electronFuses ?? {}).toSorted()).toEqual(known.toSorted());
  });

  it('leave the app no door to other code', () => {
    expect(config.electronFuses).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
      resetAdHocDarwinSignature: true,
    });
    expect(config.asar).toBe(true);
  });
});

describe('what is built', () => {
  it('is each kind of package for both architectures', () => {
    const all = [config.linux, config.win, config.mac].flatMap(targetsOf);
    const arch = ['x64', 'arm64'];
    expect(all).toEqual(
      ['deb', 'rpm', 'AppImage', 'nsis', 'dmg', 'zip'].map((target) => ({ target, arch })),
    );
  });

  it('has a binary of node-datachannel in the lock file for each, of its version', () => {
    const module = readJson('node_modules/node-datachannel/package.json') as PackageJson;
    const platforms = ['linux', 'win32', 'darwin'];
    const names = platforms.flatMap((platform) => [
      nativePackage(platform, 'x64'),
      nativePackage(platform, 'arm64'),
    ]);
    const versions = Object.fromEntries(names.map((name) => [name, module.version]));
    expect(module.optionalDependencies).toMatchObject(versions);
    const locked = names.map((name) => [name, lock.packages[`node_modules/${name}`]?.version]);
    expect(Object.fromEntries(locked)).toEqual(versions);
  });

  it('is refused where that binary is not installed', () => {
    const projectDir = mkdtempSync(join(tmpdir(), 'porthole-native-'));
    const [here, other] = ['x64', 'arm64'].map((arch) => nativePackage('linux', arch));
    const binary = join(projectDir, 'node_modules', here ?? '', 'node_datachannel.node');
    mkdirSync(dirname(binary), { recursive: true });
    writeFileSync(binary, '');
    const packing = (arch: Arch) => {
      const context = { electronPlatformName: 'linux', arch, packager: { projectDir } };
      return () => beforePack(context as BeforePackContext);
    };
    expect(packing(Arch.x64)).not.toThrow();
    expect(packing(Arch.arm64)).toThrow(`${other} is not installed`);
    expect(missingBinaries(projectDir, 'linux')).toEqual([other]);
    rmSync(projectDir, { recursive: true });
  });

  it('is published by nobody on its own', () => {
    expect(config.publish).toBeNull();
  });

  it('does not rebuild what comes compiled, and keeps it out of the archive', () => {
    expect(config.npmRebuild).toBe(false);
    expect(config.asarUnpack).toEqual(['**/node_modules/@node-datachannel/**']);
  });

  it('goes where git does not look', () => {
    expect(readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n')).toContain(
      `${config.directories?.output}/`,
    );
  });
});

describe('the names', () => {
  it('of the files it needs are names of files', () => {
    const { linux, win, mac, nsis } = config;
    const icons = [linux?.icon, win?.icon, mac?.icon];
    const paths = [...icons, nsis?.include, mac?.entitlements, config.beforePack].map(String);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(mac?.entitlementsInherit).toBe(mac?.entitlements);
  });

  it('of the link and of the desktop file are those the app uses', () => {
    const protocols = [config.protocols ?? []].flat();
    const schemes = protocols.flatMap((protocol) => protocol.schemes);
    expect(schemes).toEqual(['porthole']);
    // electron-builder writes the mime type of a protocol; here it would be there twice.
    expect(config.linux?.mimeTypes).toBeUndefined();
    expect(pkg.desktopName).toBe('porthole.desktop');
    expect(config.linux?.syncDesktopName).toBe(true);
  });

  it('of the command and the app differ, so that one does not hide the other', () => {
    expect(Object.keys(pkg.bin)).not.toContain(config.linux?.executableName);
  });

  it('of who made it are there for deb and rpm', () => {
    expect(config.linux?.maintainer).toMatch(/^[^<]+ <[^@<>]+@[^@<>]+>$/);
    expect(config.extraMetadata.homepage).toMatch(/^https:\/\//);
    expect(pkg.author).not.toBe('');
    expect(pkg.license).toBe('MIT');
  });
});

describe('the versions', () => {
  it('of Electron is one, exact, and that of the lock file', () => {
    expect(config.electronVersion).toBeUndefined();
    expect(pkg.devDependencies['electron']).toMatch(/^\d+\.\d+\.\d+$/);
    expect(lock.packages['node_modules/electron']?.version).toBe(pkg.devDependencies['electron']);
  });

  it('of electron-builder and its library are the same', () => {
    const builder = pkg.devDependencies['electron-builder'];
    expect(builder).toMatch(/^\d+\.\d+\.\d+$/);
    expect(pkg.devDependencies['app-builder-lib']).toBe(builder);
  });

  it('of the app is one that every system takes', () => {
    expect(pkg.version).toMatch(/^\d+\.\d+\.\d+(-[a-z]+\.\d+)?$/);
  });
});

describe('on macOS', () => {
  it('the app says why it asks, in a sentence', () => {
    const sentence = expect.stringMatching(/^Porthole [^\n]{40,160}\.$/);
    expect(config.mac?.extendInfo).toEqual({
      NSLocalNetworkUsageDescription: sentence,
      NSCameraUsageDescription: sentence,
      LSUIElement: false,
    });
  });

  it('the app may use the camera and compile, and nothing that unlocks more', () => {
    const plist = readFileSync(join(ROOT, 'build/entitlements.mac.plist'), 'utf8');
    const granted = [...plist.matchAll(/<key>com\.apple\.security\.(.+)<\/key>\s*<true\/>/g)];
    expect(granted.map((match) => match[1])).toEqual([
      'cs.allow-jit',
      'device.camera',
      'network.client',
      'network.server',
    ]);
    expect(config.mac?.hardenedRuntime).toBe(true);
  });
});

describe('uninstalling on Windows', () => {
  const script = readFileSync(join(ROOT, 'build/installer.nsh'), 'utf8');

  it('removes the login item and the link handler, but not in an update', () => {
    const body = /!macro customUnInstall\n(.*)!macroend/s.exec(script)?.[1] ?? '';
    const lines = body.split('\n').map((line) => line.trim());
    expect(lines.filter((line) => line !== '')).toEqual([
      '${ifNot} ${isUpdated}',
      String.raw`DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "${'${APP_ID}'}"`,
      String.raw`DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run" "${'${APP_ID}'}"`,
      String.raw`DeleteRegKey HKCU "Software\Classes\porthole"`,
      '${endIf}',
    ]);
  });

  it('runs as the user whose keys these are', () => {
    expect(config.nsis?.perMachine).toBe(false);
    expect(config.nsis?.oneClick).toBe(true);
  });

  it('is called by a macro that the installer of this version calls', () => {
    const template = 'node_modules/app-builder-lib/templates/nsis/uninstaller.nsh';
    expect(readFileSync(join(ROOT, template), 'utf8')).toContain('!insertmacro customUnInstall\n');
  });
});
