/**
 * Before electron-builder packs: is node-datachannel's binary for the target there? npm installs only
 * the one of the computer it runs on, and electron-builder packs whatever it finds: an app for another
 * architecture would be built without complaint and could not start.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Arch } from 'app-builder-lib';
import type { BeforePackContext } from 'app-builder-lib';

/** The architectures that are packed, by Node's names. */
const ARCHITECTURES = ['x64', 'arm64'];
/** The C library or compiler in the package's name, by platform. */
const SUFFIXES = new Map([
  ['linux', '-gnu'],
  ['win32', '-msvc'],
  ['darwin', ''],
]);

/** The package that holds node-datachannel's binary for a platform and architecture of Node's names. */
export function nativePackage(platform: string, arch: string): string {
  const suffix = SUFFIXES.get(platform);
  if (suffix === undefined) throw new Error(`node-datachannel has no binary for ${platform}`);
  return `@node-datachannel/${platform}-${arch}${suffix}`;
}

/** The packages of a platform that `root` lacks. */
export function missingBinaries(root: string, platform: string): string[] {
  const names = ARCHITECTURES.map((arch) => nativePackage(platform, arch));
  return names.filter((name) => !isInstalled(root, name));
}

/** electron-builder's hook; throws what to do where the binary is not installed. */
export function beforePack({ electronPlatformName, arch, packager }: BeforePackContext): void {
  const name = nativePackage(electronPlatformName, Arch[arch]);
  if (isInstalled(packager.projectDir, name)) return;
  throw new Error(`${name} is not installed. Run \`npm run dist:binaries\` on such a system.`);
}

function isInstalled(root: string, name: string): boolean {
  return existsSync(join(root, 'node_modules', name, 'node_datachannel.node'));
}
