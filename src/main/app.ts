/**
 * The desktop app: joins the engine's host, the window, the preferences and the system. The
 * composition root of the shell.
 *
 * Invariant: `prepare()` does everything that must precede `ready`; a second app of the same user
 * only tells the first one and ends; what was opened is closed in the opposite order, once.
 */
import type { PortholeHost } from '../control/porthole-host.ts';
import type { PreferenceStore } from '../control/preferences.ts';
import type { CallHandlers } from '../shared/calls/api.ts';
import { localApi } from '../shared/calls/local-api.ts';
import type { Clock } from '../shared/clock.ts';
import type { CallName, EngineEvent, StatusView } from '../shared/contract.ts';
import { toError } from '../shared/errors.ts';
import type { ShellView, Wish } from '../shared/shell-calls.ts';
import type { AppParts, MakeCompanion } from './app-parts.ts';
import { codeInArguments, codeOfLink, LINK_SCHEME, LinkGate } from './deep-link.ts';
import { keyringOf } from './desktop-keyring.ts';
import type { Desktop } from './desktop/desktop.ts';
import { IpcPort } from './ipc/ipc-port.ts';
import { LivePreferences } from './live-preferences.ts';
import type { AutostartPlaces } from './login/autostart-file.ts';
import { HIDDEN_ARGUMENT, loginItemOf } from './login/login-item.ts';
import type { LoginItem } from './login/login-item.ts';
import { PAGE_SCHEME } from './page-origin.ts';
import { PairingWatch } from './notices/pairing-watch.ts';
import { quietTalk } from './quiet-talk.ts';
import { Quitter } from './quitter.ts';
import { ShellDialogs } from './shell-dialogs.ts';
import { shellHandlersOf } from './shell-handlers.ts';
import { ShellState } from './shell-state.ts';
import { startHost } from './start-host.ts';
import { SystemHints } from './system-hints.ts';
import { MainWindow } from './window/main-window.ts';
import { guardSession, PAGE_RULES } from './window/page-guard.ts';
import { answerPage, listPageFiles } from './window/page-files.ts';
import { metricsWhileVisible, Visibility } from './window/visibility.ts';
import { windowOptions } from './window/window-options.ts';
import { placeOf, readWindowState, saveWindowState } from './window/window-state.ts';
import { WishBox } from './wish-box.ts';

export interface AppOptions {
  readonly desktop: Desktop;
  readonly dataDir: string;
  /** Folder of Chromium's own files and of the lock of the only app. @default Electron's */
  readonly browserDir?: string;
  /** The built page, and the bundled preload script. */
  readonly pageDir: string;
  readonly preload: string;
  /** Linux: where the file goes that starts the app at login. */
  readonly autostart: AutostartPlaces | undefined;
  readonly clock: Clock;
  readonly openPreferences: (dataDir: string) => PreferenceStore;
  /** Tray and notices. */
  readonly companions: readonly MakeCompanion[];
  /** Whether the system knows a host name. */
  readonly knowsHost: (name: string) => Promise<boolean>;
  /** Lets go of what the engine's library keeps; last of all. */
  readonly release: () => void;
}

/** The names of the desktop file and of the app (electron-builder.yml). */
const IDENTITY = { desktopName: 'porthole.desktop', appId: 'io.github.porthole.desktop' } as const;

/** Of those that happen before there is a log. */
const EARLY_FAULTS = 20;

type Closer = () => void | Promise<void>;

export class DesktopApp {
  readonly #options: AppOptions;
  readonly #wishes = new WishBox();
  readonly #visibility = new Visibility();
  readonly #links: LinkGate;
  readonly #login: LoginItem;
  readonly #preferences: LivePreferences;
  readonly #state: ShellState;
  readonly #dialogs: ShellDialogs;
  readonly #quitter: Quitter;
  readonly #pairing = new PairingWatch();
  readonly #wakers = new Set<() => void>();
  readonly #closers: Closer[] = [];
  #host: PortholeHost | undefined;
  #window: MainWindow | undefined;
  #tray: ShellView['tray'] = 'none';
  /** Of the user. */
  #session: 'lasting' | 'ending' = 'lasting';
  #afterwards: 'end' | 'start-again' = 'end';
  /** Whether the window is to be shown as soon as it can be. */
  #isWanted = false;
  /** Told while the app started: faults, and what could not be read. */
  #earlyFaults: string[] = [];
  readonly #notices: string[] = [];

  constructor(options: AppOptions) {
    const { desktop, clock, autostart } = options;
    this.#options = options;
    this.#links = new LinkGate(clock);
    this.#login = loginItemOf(desktop, autostart);
    this.#state = new ShellState(() => this.#view());
    this.#preferences = new LivePreferences({
      desktop,
      login: this.#login,
      openSettings: () => this.#show({ kind: 'page', page: 'settings' }),
      onChanged: () => this.#state.changed(),
    });
    this.#dialogs = new ShellDialogs({
      dialogs: desktop.dialogs,
      say: () => this.#preferences.say(),
    });
    this.#quitter = new Quitter({
      clock,
      connections: async () =>
        this.#host === undefined ? 0 : (await this.#status(this.#host)).connections,
      ask: (connections) => this.#dialogs.quit(connections, this.#window?.visible),
      close: () => this.#close(),
      exit: (how) => this.#exit(how),
      onFault: (thrown) => this.logFault(thrown),
    });
  }

  /** Synchronous, before `ready`. `second`: there is one already, and this one has ended. */
  prepare(): 'first' | 'second' {
    const { desktop, browserDir } = this.#options;
    const { app } = desktop;
    app.enableSandbox();
    app.registerPageScheme(PAGE_SCHEME);
    app.setIdentity(IDENTITY);
    if (browserDir !== undefined) app.setUserData(browserDir);
    if (!app.beTheOnlyOne()) {
      app.exit(0);
      return 'second';
    }
    app.listen({
      onSecondInstance: (argv) => this.#onSecondInstance(argv),
      onOpenUrl: (url) => this.#onCode(codeOfLink(url)),
      onActivate: () => this.#show(),
      onQuitWish: () => this.#onQuitWish(),
      onPage: (page) => page.guard(PAGE_RULES),
    });
    // Whatever a link has in it comes behind this, where Chromium reads no switches any more.
    if (app.build === 'packaged') app.registerLinks(LINK_SCHEME, ['--']);
    return 'first';
  }

  /** Resolves when the app runs, or has ended because a person wanted that. */
  async run(): Promise<void> {
    const { desktop, dataDir, openPreferences } = this.#options;
    await desktop.app.whenReady();
    this.#guardPages();
    const started = await startHost({
      dataDir,
      version: desktop.app.version,
      keyring: keyringOf(desktop.keyring),
      words: {
        inFile: () => this.#preferences.say()('keyInFile'),
        inKeyring: () => this.#preferences.say()('keyInKeyring'),
      },
      onEvent: (event) => this.#onStartEvent(event),
      openPreferences,
      onPreferences: (preferences) => this.#preferences.use(preferences),
      overhear: (handlers) => this.#pairing.watch(handlers),
      dialogs: this.#dialogs,
    });
    if (started === undefined) return await this.#quitter.now();
    this.#host = started.host;
    this.#closers.push(() => started.host.close());
    // Somebody wanted it to end while it started.
    if (this.#quitter.isEnding) return await started.host.close();
    await this.#begin(started.host, started.preferences);
  }

  /** Asks first while connections are open. */
  quit(): void {
    void this.#quitter.wish();
  }

  /** Without a question: the session of the user ends. */
  quitNow(): void {
    void this.#quitter.now();
  }

  /** Something failed that nobody caught, or that nothing can be done about. */
  logFault(thrown: unknown): void {
    const { stack, message } = toError(thrown);
    const text = `The app failed inside: ${stack ?? message}`;
    if (this.#host === undefined)
      this.#earlyFaults = [...this.#earlyFaults, text].slice(-EARLY_FAULTS);
    else this.#host.log.add('error', text);
  }

  /** `run()` rejected: the app cannot go on. */
  async onStartFailed(thrown: unknown): Promise<void> {
    this.logFault(thrown);
    await this.#dialogs.cannotRun(toError(thrown).message);
    this.quitNow();
  }

  // ── Start ───────────────────────────────────────────────────────────────────────────────────

  #guardPages(): void {
    const { desktop, pageDir } = this.#options;
    const files = listPageFiles(pageDir);
    guardSession(desktop.session, { devTools: this.#devTools });
    desktop.session.serve(PAGE_SCHEME, (request) => answerPage(files, request));
  }

  async #begin(host: PortholeHost, preferences: PreferenceStore): Promise<void> {
    for (const fault of this.#earlyFaults.splice(0)) host.log.add('error', fault);
    this.#trying(() => this.#preferences.alignLogin());
    const handlers = this.#handlers(host);
    const port = new IpcPort({
      ipc: this.#options.desktop.ipc,
      handlers,
      onFault: (error) => this.logFault(error.cause ?? error),
    });
    this.#closers.push(() => port.close());
    this.#window = this.#makeWindow(port);
    this.#closers.push(() => this.#window?.close());
    this.#listenToPower(host);
    await this.#startCompanions(handlers, preferences);
    if (this.#isWanted || this.#startsWithWindow()) this.#show();
    this.#onCode(codeInArguments(this.#options.desktop.app.argv));
    await this.#tellNotices(preferences);
  }

  #handlers(host: PortholeHost): CallHandlers<CallName> {
    const { desktop, knowsHost } = this.#options;
    return {
      ...host.handlers,
      ...metricsWhileVisible(host.handlers, this.#visibility),
      ...shellHandlersOf({
        desktop,
        state: this.#state,
        wishes: this.#wishes,
        status: () => this.#status(host),
        changePreferences: (change) => this.#preferences.change(change),
        relaunch: () => this.#startAgain(),
        knowsHost,
      }),
    };
  }

  async #startCompanions(
    handlers: CallHandlers<CallName>,
    preferences: PreferenceStore,
  ): Promise<void> {
    const parts: AppParts = {
      desktop: this.#options.desktop,
      api: localApi(handlers),
      preferences,
      pairing: this.#pairing,
      language: () => this.#preferences.language(),
      say: () => this.#preferences.say(),
      onWoke: (listener) => {
        this.#wakers.add(listener);
        return () => this.#wakers.delete(listener);
      },
      isWindowVisible: () => this.#visibility.now === 'visible',
      show: (wish) => this.#show(wish),
      quit: () => this.quit(),
      setTray: (tray) => {
        this.#tray = tray;
        this.#state.changed();
      },
      logError: (text) => this.#host?.log.add('error', text),
    };
    for (const make of this.#options.companions) {
      await this.#startCompanion(make, parts);
    }
  }

  /** The app is of use without its tray. */
  async #startCompanion(make: MakeCompanion, parts: AppParts): Promise<void> {
    try {
      const companion = await make(parts);
      this.#closers.push(() => companion.close());
    } catch (thrown) {
      this.logFault(thrown);
    }
  }

  /** What may fail without keeping the app from running. */
  #trying(act: () => void): void {
    try {
      act();
    } catch (thrown) {
      this.logFault(thrown);
    }
  }

  #onStartEvent(event: EngineEvent): void {
    if (this.#host !== undefined || event.kind !== 'notice') return;
    if (event.level === 'warn' && event.code === '') this.#notices.push(event.text);
  }

  async #tellNotices(preferences: PreferenceStore): Promise<void> {
    const { notice } = preferences;
    const sentences = [...this.#notices, ...(notice === undefined ? [] : [notice])];
    if (notice !== undefined) this.#host?.log.add('warn', notice);
    if (sentences.length > 0) await this.#dialogs.notices(sentences);
  }

  #startsWithWindow(): boolean {
    const { desktop } = this.#options;
    if (desktop.app.argv.includes(HIDDEN_ARGUMENT)) return false;
    // macOS passes no arguments to what it starts at login.
    if (desktop.platform !== 'macos' || !this.#preferences.get().startHidden) return true;
    return !desktop.login.get([]).wasOpenedAtLogin;
  }

  // ── Window ──────────────────────────────────────────────────────────────────────────────────

  #makeWindow(port: IpcPort): MainWindow {
    const { desktop, dataDir, clock } = this.#options;
    return new MainWindow({
      desktop,
      clock,
      port,
      visibility: this.#visibility,
      options: () => this.#windowOptions(),
      wasMaximized: () => readWindowState(dataDir)?.maximized === true,
      save: (state) => saveWindowState(dataDir, state),
      onClose: () => (this.#preferences.get().keepRunning ? 'hide' : 'quit'),
      onHidden: () => void this.#tellHiding(),
      onQuitWish: () => this.quit(),
      onSessionEnd: () => this.#onSessionEnd(),
      onCrash: (reason) => this.logFault(new Error(`the page has gone (${reason})`)),
      onGivenUp: () => void this.#askAboutPage(),
    });
  }

  #windowOptions(): ReturnType<typeof windowOptions> {
    const { desktop, dataDir, preload } = this.#options;
    return windowOptions({
      place: placeOf(readWindowState(dataDir), desktop.screen),
      preload,
      background: desktop.isDark() ? 'dark' : 'light',
      devTools: this.#devTools,
    });
  }

  #show(wish?: Wish): void {
    if (wish !== undefined) this.#wishes.put(wish);
    if (this.#quitter.isEnding) return;
    if (this.#window === undefined) this.#isWanted = true;
    else this.#window.show();
  }

  /** Once: a person who closes the window should know that the app has not ended. */
  async #tellHiding(): Promise<void> {
    if (this.#preferences.get().toldHiding) return;
    this.#trying(() => this.#preferences.change({ toldHiding: true }));
    const say = this.#preferences.say();
    const title = say('closedToTray');
    const body = say(this.#whereItIs());
    if ((await this.#options.desktop.notify(title, body)) === 'shown') return;
    await this.#dialogs.closedWithoutNotification(title, body);
  }

  #whereItIs() {
    if (this.#tray === 'missing' || this.#tray === 'none')
      return 'closedWithoutTrayDetail' as const;
    if (this.#options.desktop.platform === 'macos') return 'closedToMenuBarDetail' as const;
    return 'closedToTrayDetail' as const;
  }

  async #askAboutPage(): Promise<void> {
    if ((await this.#dialogs.pageStopped()) === 'open-again') this.#show();
    else this.quit();
  }

  // ── What comes from outside ─────────────────────────────────────────────────────────────────

  #onSecondInstance(argv: readonly string[]): void {
    this.#show();
    this.#onCode(codeInArguments(argv));
  }

  #onCode(code: string | undefined): void {
    if (code === undefined || !this.#links.mayPass()) return;
    this.#show({ kind: 'add-device', code });
  }

  #listenToPower(host: PortholeHost): void {
    const hints = new SystemHints(this.#options.clock, () => host.nudge());
    this.#closers.push(() => hints.close());
    this.#options.desktop.power.listen({
      onSuspend: () => host.log.add('info', 'The computer goes to sleep.'),
      onResume: () => {
        host.log.add('info', 'The computer woke up.');
        for (const waker of this.#wakers) waker();
        hints.hint();
      },
      onUnlocked: () => hints.hint(),
      onShutdown: () => this.#onSessionEnd(),
    });
  }

  #onSessionEnd(): void {
    this.#session = 'ending';
    this.quitNow();
  }

  #onQuitWish(): 'later' | 'now' {
    // macOS calls a logout off when an app that it asks to quit wants to stay.
    if (this.#session === 'ending') return 'now';
    this.quit();
    return 'later';
  }

  async #status(host: PortholeHost): Promise<StatusView> {
    return await host.handlers.status({}, quietTalk());
  }

  #view(): ShellView {
    const { desktop } = this.#options;
    return {
      kind: 'desktop',
      platform: desktop.platform,
      version: desktop.app.version,
      languages: [...desktop.app.languages()],
      tray: this.#tray,
      login: this.#login.state(),
      preferences: this.#preferences.get(),
    };
  }

  get #devTools(): 'allowed' | 'none' {
    return this.#options.desktop.app.build === 'development' ? 'allowed' : 'none';
  }

  // ── End ─────────────────────────────────────────────────────────────────────────────────────

  #startAgain(): void {
    this.#afterwards = 'start-again';
    this.quitNow();
  }

  /** The last opened first, all of them; throws what the first that failed threw. */
  async #close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.splice(0).toReversed()) {
      try {
        await close();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw toError(failures[0]);
  }

  #exit(how: 'clean' | 'cut'): void {
    const { desktop, release } = this.#options;
    // What is still open would keep the library from letting go.
    if (how === 'clean') release();
    if (this.#afterwards === 'start-again') desktop.app.relaunch();
    desktop.app.exit(0);
  }
}
