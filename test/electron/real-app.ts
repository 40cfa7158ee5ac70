/**
 * The built app in the real Electron, with a home of its own. Playwright talks to it through Node's
 * inspector, so the program must not be one whose fuses forbid that (docs/packaging.md).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron } from 'playwright-core';
import type { ElectronApplication, Page } from 'playwright-core';
import { electronBinary } from '../../scripts/electron-binary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export class RealApp {
  readonly home = mkdtempSync(join(tmpdir(), 'porthole-electron-'));
  #app: ElectronApplication | undefined;

  async start(...args: readonly string[]): Promise<ElectronApplication> {
    const executablePath = electronBinary();
    if (executablePath === undefined) throw new Error('Electron is not here');
    this.#app = await _electron.launch({
      executablePath,
      args: [...sandboxArguments(), ROOT, ...args],
      env: { ...ownHome(this.home), PATH: process.env['PATH'] ?? '', ...display() },
    });
    return this.#app;
  }

  async page(): Promise<Page> {
    if (this.#app === undefined) throw new Error('it was not started');
    return await this.#app.firstWindow();
  }

  async end(): Promise<void> {
    await this.#app?.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Chromium has no sandbox for root, who runs the tests in containers. */
function sandboxArguments(): string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

function ownHome(home: string): Record<string, string> {
  return {
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CONFIG_HOME: join(home, 'config'),
    LOCALAPPDATA: home,
    APPDATA: home,
    USERPROFILE: home,
  };
}

function display(): Record<string, string> {
  const names = ['DISPLAY', 'WAYLAND_DISPLAY', 'XDG_RUNTIME_DIR', 'SystemRoot'];
  const set = names.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(
    set.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
