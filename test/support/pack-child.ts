/**
 * Runs electron-builder in the current folder, up to where the tools that make the installers would be
 * downloaded, and writes what it would have given them.
 *
 *   node --import tsx pack-child.ts <linux|mac> <x64|arm64> <folder with the Electron> <report>
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Arch, build, Platform } from 'electron-builder';
import type { CliOptions } from 'electron-builder';

/** What one Linux package is made of. */
export interface LinuxPackage {
  /** The arguments of fpm; none for an AppImage. */
  readonly fpm: readonly string[];
  readonly desktopFile: string;
}

/** npm installs no binary for a Mac elsewhere, and only a Mac can sign. */
const WITHOUT_A_MAC = { beforePack: null, electronFuses: { resetAdHocDarwinSignature: false } };

const [platform = '', arch = '', electronDist = '', report = ''] = process.argv.slice(2);
const packages: LinuxPackage[] = [];

const options: CliOptions = {
  targets:
    platform === 'linux'
      ? Platform.LINUX.createTarget(['deb', 'rpm', 'AppImage'], archOf(arch))
      : Platform.MAC.createTarget(['dir'], archOf(arch)),
  config: { electronDist, ...(platform === 'mac' ? WITHOUT_A_MAC : {}) },
  effectiveOptionComputed: async (computed) => {
    packages.push(linuxPackage(computed));
    return true;
  },
};

await build(options);
writeFileSync(report, JSON.stringify(packages));

function archOf(name: string): Arch {
  return name === 'arm64' ? Arch.arm64 : Arch.x64;
}

function linuxPackage(computed: unknown): LinuxPackage {
  if (Array.isArray(computed)) {
    const [fpm, path] = computed as [string[], string];
    return { fpm, desktopFile: readFileSync(path, 'utf8') };
  }
  return { fpm: [], desktopFile: (computed as { desktop: string }).desktop };
}
