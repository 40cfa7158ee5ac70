/** The desktop app's entry: Electron, and what this computer has, given to the app. */
import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { releaseEngine } from '../engine/engine.ts';
import { defaultDataDir, requireDataFolder } from '../engine/store/data-folder.ts';
import { systemClock } from '../engine/system-clock.ts';
import { DesktopApp } from './app.ts';
import type { AppOptions } from './app.ts';
import { electronDesktop } from './electron/electron-desktop.ts';
import { openElectronPreferences } from './electron/electron-preferences.ts';
import { autostartPlaces } from './login/autostart-file.ts';
import { detectTray } from './tray/tray-presence.ts';
import { trayCompanion } from './tray-companion.ts';

function options(): AppOptions {
  const { env, platform, execPath } = process;
  const dataDir = defaultDataDir(env, platform);
  return {
    desktop: electronDesktop(),
    dataDir,
    ...browserDirIn(dataDir),
    pageDir: fileURLToPath(new URL('../renderer', import.meta.url)),
    preload: fileURLToPath(new URL('../preload/preload.cjs', import.meta.url)),
    autostart: platform === 'linux' ? autostartPlaces(env, execPath) : undefined,
    clock: systemClock,
    openPreferences: openElectronPreferences,
    companions: [
      trayCompanion({
        clock: systemClock,
        pictures: fileURLToPath(new URL('../../assets/rendered/tray', import.meta.url)),
        detect: (signal) => detectTray({ env, signal }),
      }),
    ],
    knowsHost,
    release: releaseEngine,
  };
}

/** Chromium makes folders that others may look into, so the data folder is made before. */
function browserDirIn(dataDir: string): Pick<AppOptions, 'browserDir'> {
  try {
    return { browserDir: join(requireDataFolder(dataDir), 'browser') };
  } catch {
    // The start fails for the same reason, and says so.
    return {};
  }
}

async function knowsHost(name: string): Promise<boolean> {
  try {
    await lookup(name);
    return true;
  } catch {
    return false;
  }
}

const app = new DesktopApp(options());
// Told to the log, not in a window of Electron's.
process.on('uncaughtException', (thrown) => app.logFault(thrown));
process.on('unhandledRejection', (thrown) => app.logFault(thrown));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => app.quitNow());
}
// Not awaited: Electron is ready only after this module was read.
if (app.prepare() === 'first') app.run().catch((thrown: unknown) => app.onStartFailed(thrown));
