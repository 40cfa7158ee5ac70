/**
 * The desktop app on a double of its desktop, with a real engine in a data folder of its own, and a
 * page that calls it the way the preload script does.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/engine/system-clock.ts';
import { DesktopApp } from '../../src/main/app.ts';
import type { AppOptions } from '../../src/main/app.ts';
import { CallClient } from '../../src/shared/calls/call-client.ts';
import type { CallTalk } from '../../src/shared/calls/api.ts';
import type { CallName, CallParams, CallResult } from '../../src/shared/contract.ts';
import { CALL_CHANNEL } from '../../src/shared/ipc-channels.ts';
import { DesktopDouble, until } from './desktop-double.ts';
import { openConfPreferences } from './conf-preferences.ts';
import { quietTalk } from './quiet-talk.ts';
import type { DoubleOptions, WindowDouble } from './desktop-double.ts';

const scenes = new Set<AppScene>();

/** Ends what a test left; to be called after each. */
export async function closeScenes(): Promise<void> {
  await Promise.all([...scenes].map((scene) => scene.remove()));
}

export interface SceneOptions extends DoubleOptions {
  readonly app?: Partial<AppOptions>;
  /** Written before the app starts, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

export class AppScene {
  readonly folder = mkdtempSync(join(tmpdir(), 'porthole-app-'));
  readonly dataDir = join(this.folder, 'data');
  readonly desktop: DesktopDouble;
  readonly app: DesktopApp;
  readonly #pages = new WeakMap<WindowDouble, CallClient>();
  /** How often the library was let go of. */
  released = 0;
  /** Rejects when the app does not start. */
  running: Promise<void> = Promise.resolve();

  constructor(options: SceneOptions = {}) {
    scenes.add(this);
    const pageDir = join(this.folder, 'renderer');
    mkdirSync(join(pageDir, 'assets'), { recursive: true });
    writeFileSync(join(pageDir, 'index.html'), '<!doctype html><title>Porthole</title>');
    writeFileSync(join(pageDir, 'assets', 'page-x1.js'), 'export {};');
    writeFileSync(join(pageDir, 'assets', 'page-x1.js.map'), '{}');
    mkdirSync(this.dataDir, { mode: 0o700 });
    for (const [name, text] of Object.entries(options.files ?? {})) {
      writeFileSync(join(this.dataDir, name), text, { mode: 0o600 });
    }
    this.desktop = new DesktopDouble(options);
    this.app = new DesktopApp({
      desktop: this.desktop,
      dataDir: this.dataDir,
      browserDir: join(this.dataDir, 'browser'),
      pageDir,
      preload: join(this.folder, 'preload.cjs'),
      autostart: { folder: join(this.folder, 'autostart'), program: '/opt/Porthole/porthole' },
      clock: systemClock,
      openPreferences: openConfPreferences,
      companions: [],
      knowsHost: () => Promise.resolve(true),
      release: () => {
        this.released += 1;
      },
      ...options.app,
    });
  }

  /** Until the app runs, or waits for an answer that nobody gives. */
  async start(): Promise<void> {
    this.begin();
    await this.running;
  }

  begin(): void {
    if (this.app.prepare() === 'second') return;
    this.desktop.app.becomeReady();
    this.running = this.app.run();
  }

  /** Until its window is shown. */
  async shown(): Promise<void> {
    await until(() => this.desktop.windows.at(-1)?.isVisible() === true);
  }

  /** Until the process would have ended. */
  async ended(): Promise<void> {
    await until(() => this.desktop.app.ended !== undefined);
  }

  /** A call of the window's page. */
  async call<Name extends CallName>(
    name: Name,
    params: CallParams<Name>,
    talk: Partial<CallTalk<Name>> = {},
  ): Promise<CallResult<Name>> {
    return await this.#page().call(name, params, quietTalk(talk));
  }

  /** What the preload script has for the page of the newest window. */
  #page(): CallClient {
    const { window } = this.desktop;
    const known = this.#pages.get(window);
    if (known !== undefined) return known;
    const client = new CallClient({
      send: (message) => this.desktop.say(CALL_CHANNEL, message, { pageId: window.pageId }),
      onRefused: (cause) => client.close(cause),
    });
    window.onSent = (message) => client.onMessage(message);
    this.#pages.set(window, client);
    return client;
  }

  async remove(): Promise<void> {
    scenes.delete(this);
    this.app.quitNow();
    await this.ended();
    await this.running.catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
