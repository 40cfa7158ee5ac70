/**
 * A desktop that is none: everything the shell does to it is written down, and everything a person or
 * a system does to the shell can be done by a test.
 *
 * Invariant: it fits `Desktop`, as Electron's adapter does, or it does not compile.
 */
import type { BrowserWindowConstructorOptions, MenuItemConstructorOptions } from 'electron';
import type {
  AppEvents,
  Desktop,
  DesktopApp,
  DesktopCamera,
  DesktopKeyring,
  DesktopLogin,
  DesktopScreen,
  DesktopSession,
  DesktopWindow,
  PageAnswer,
  PageRequest,
  PageRules,
  PermissionWish,
  Platform,
  PowerEvents,
  Question,
  Rectangle,
  Sender,
  TrayLook,
  WindowEvents,
} from '../../src/main/desktop/desktop.ts';
import type { NoticeCard, Notifier } from '../../src/main/notices/notifier.ts';
import type { MenuItem } from '../../src/main/tray/menu-item.ts';
import type { TrayHost, TrayListener } from '../../src/main/tray/tray-host.ts';
import { PAGE_ORIGIN } from '../../src/main/page-origin.ts';

export interface DoubleOptions {
  readonly platform?: Platform;
  readonly build?: DesktopApp['build'];
  readonly argv?: readonly string[];
  readonly languages?: readonly string[];
  /** Whether another app has the lock. */
  readonly lock?: 'free' | 'taken';
  readonly keyring?: DesktopKeyring;
  readonly screen?: DesktopScreen;
}

/** Resolves when `condition` holds; it is looked at after every turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

export class WindowDouble implements DesktopWindow {
  readonly pageId: number;
  readonly options: BrowserWindowConstructorOptions;
  readonly loaded: string[] = [];
  readonly sent: { readonly channel: string; readonly message: string }[] = [];
  state: 'hidden' | 'shown' | 'destroyed' = 'hidden';
  reloads = 0;
  shows = 0;
  maximized = false;
  place: Rectangle = { x: 10, y: 20, width: 860, height: 600 };
  onSent: (message: string) => void = () => {};
  #events: WindowEvents | undefined;

  constructor(pageId: number, options: BrowserWindowConstructorOptions) {
    this.pageId = pageId;
    this.options = options;
  }

  get events(): WindowEvents {
    if (this.#events === undefined) throw new Error('nobody listens to this window');
    return this.#events;
  }

  listen(events: WindowEvents): void {
    this.#events = events;
  }

  load(url: string): Promise<void> {
    this.loaded.push(url);
    setImmediate(() => {
      if (this.state !== 'destroyed') this.events.onReady();
    });
    return Promise.resolve();
  }

  reload(): void {
    this.reloads += 1;
    this.events.onPageReplaced();
  }

  send(channel: string, message: string): void {
    this.sent.push({ channel, message });
    this.onSent(message);
  }

  show(): void {
    this.shows += 1;
    this.state = 'shown';
    this.events.onVisibility('visible');
  }

  hide(): void {
    this.state = 'hidden';
    this.events.onVisibility('hidden');
  }

  maximize(): void {
    this.maximized = true;
  }

  isVisible(): boolean {
    return this.state === 'shown';
  }

  isMaximized(): boolean {
    return this.maximized;
  }

  bounds(): Rectangle {
    return this.place;
  }

  destroy(): void {
    if (this.state === 'destroyed') return;
    this.state = 'destroyed';
    this.events.onClosed();
  }
}

class AppDouble implements DesktopApp {
  readonly version = '1.2.3';
  readonly build: DesktopApp['build'];
  readonly argv: readonly string[];
  readonly #options: DoubleOptions;
  /** What was asked of it, in order. */
  readonly asked: string[] = [];
  readonly links: { readonly scheme: string; readonly args: readonly string[] }[] = [];
  systemLanguages: readonly string[];
  becomeReady: () => void = () => {};
  readonly #ready = new Promise<void>((resolve) => {
    this.becomeReady = resolve;
  });
  /** The status it ended with. */
  ended: number | undefined;
  events: AppEvents | undefined;

  constructor(options: DoubleOptions) {
    this.#options = options;
    this.build = options.build ?? 'packaged';
    this.argv = options.argv ?? [];
    this.systemLanguages = options.languages ?? ['en-GB'];
  }

  enableSandbox(): void {
    this.asked.push('enableSandbox');
  }

  setUserData(): void {
    this.asked.push('setUserData');
  }

  registerPageScheme(scheme: string): void {
    this.asked.push(`registerPageScheme ${scheme}`);
  }

  setIdentity(): void {
    this.asked.push('setIdentity');
  }

  registerLinks(scheme: string, args: readonly string[]): void {
    this.links.push({ scheme, args });
  }

  beTheOnlyOne(): boolean {
    this.asked.push('beTheOnlyOne');
    return this.#options.lock !== 'taken';
  }

  listen(events: AppEvents): void {
    this.events = events;
  }

  whenReady(): Promise<void> {
    this.asked.push('whenReady');
    return this.#ready;
  }

  languages(): readonly string[] {
    return this.systemLanguages;
  }

  quit(): void {
    this.events?.onQuitWish();
  }

  exit(code: number): void {
    this.asked.push('exit');
    this.ended ??= code;
  }

  relaunch(): void {
    this.asked.push('relaunch');
  }
}

class SessionDouble implements DesktopSession {
  permits: (wish: PermissionWish) => boolean = () => true;
  requests: (url: string) => boolean = () => true;
  downloads: (url: string, name: string) => { saveAs: string } | 'refuse' = () => 'refuse';
  readonly served = new Map<string, (request: PageRequest) => Promise<PageAnswer>>();

  decidePermissions(decide: (wish: PermissionWish) => boolean): void {
    this.permits = decide;
  }

  decideRequests(decide: (url: string) => boolean): void {
    this.requests = decide;
  }

  decideDownloads(decide: SessionDouble['downloads']): void {
    this.downloads = decide;
  }

  serve(scheme: string, answer: (request: PageRequest) => Promise<PageAnswer>): void {
    this.served.set(scheme, answer);
  }
}

class LoginDouble implements DesktopLogin {
  /** The arguments it is registered with, if it is. */
  registered: readonly string[] | undefined;
  status: ReturnType<DesktopLogin['get']>['status'] = 'not-registered';
  wasOpenedAtLogin = false;

  get(args: readonly string[]): ReturnType<DesktopLogin['get']> {
    const openAtLogin = JSON.stringify(this.registered) === JSON.stringify(args);
    return { openAtLogin, status: this.status, wasOpenedAtLogin: this.wasOpenedAtLogin };
  }

  set(openAtLogin: boolean, args: readonly string[]): void {
    this.registered = openAtLogin ? args : undefined;
  }
}

/** A keyring that works: it turns the text around. */
export class KeyringDouble implements DesktopKeyring {
  state: 'open' | 'locked' | 'absent' = 'open';
  selected: ReturnType<DesktopKeyring['backend']> = 'gnome_libsecret';
  /** Wants everything sealed anew. */
  isStale = false;

  isAsyncEncryptionAvailable(): Promise<boolean> {
    return Promise.resolve(this.state !== 'absent');
  }

  async encryptStringAsync(text: string): Promise<Buffer> {
    if (this.state !== 'open') throw new Error('locked');
    return Buffer.from(`v11${this.isStale ? 'new' : 'old'}${turned(text)}`);
  }

  async decryptStringAsync(bytes: Buffer): Promise<{ result: string; shouldReEncrypt: boolean }> {
    const text = bytes.toString();
    if (this.state !== 'open' || !text.startsWith('v11')) throw new Error('locked');
    const shouldReEncrypt = this.isStale && text.startsWith('v11old');
    return { result: turned(text.slice(6)), shouldReEncrypt };
  }

  backend(): ReturnType<DesktopKeyring['backend']> {
    return this.selected;
  }
}

function turned(text: string): string {
  return Array.from(text).toReversed().join('');
}

export class TrayDouble implements TrayHost {
  image: string;
  tooltip = '';
  menu: readonly MenuItem[] = [];
  isDestroyed = false;
  readonly listener: TrayListener;

  constructor(image: string, listener: TrayListener) {
    this.image = image;
    this.listener = listener;
  }

  setImage(path: string): void {
    this.image = path;
  }

  setTooltip(text: string): void {
    this.tooltip = text;
  }

  setMenu(items: readonly MenuItem[]): void {
    this.menu = items;
  }

  popUpMenu(items: readonly MenuItem[]): void {
    this.menu = items;
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}

export class DesktopDouble implements Desktop {
  readonly platform: Platform;
  readonly app: AppDouble;
  readonly session = new SessionDouble();
  readonly login = new LoginDouble();
  readonly keyring: DesktopKeyring;
  readonly screen: DesktopScreen;
  readonly windows: WindowDouble[] = [];
  readonly opened: string[] = [];
  readonly copied: string[] = [];
  readonly questions: Question[] = [];
  readonly notified: { readonly title: string; readonly body: string }[] = [];
  /** Icons in the tray, the last one in use. */
  readonly trays: TrayDouble[] = [];
  readonly cards: NoticeCard[] = [];
  look: TrayLook = { background: 'dark', motion: 'full' };
  readonly #lookListeners = new Set<() => void>();
  readonly notifier: Notifier = {
    show: (card) => void this.cards.push(card),
    close: (id) => {
      const at = this.cards.findIndex((card) => card.id === id);
      if (at >= 0) this.cards.splice(at, 1);
    },
  };
  notifications: 'shown' | 'failed' = 'shown';
  theme = '';
  menu: readonly MenuItemConstructorOptions[] | null = [];
  cameraStatus: ReturnType<DesktopCamera['status']> = 'unknown';
  cameraAnswer = true;
  powerEvents: PowerEvents | undefined;
  /** Answers questions, by index; one that has no answer stays open. */
  answer: (question: Question) => number | undefined = () => undefined;
  readonly #ipc = new Map<string, Set<(sender: Sender, message: unknown) => void>>();
  readonly power = {
    listen: (events: PowerEvents): void => {
      this.powerEvents = events;
    },
  };
  readonly clipboard = {
    writeText: async (text: string): Promise<void> => {
      this.copied.push(text);
    },
  };
  readonly camera: DesktopCamera = {
    status: () => this.cameraStatus,
    ask: () => Promise.resolve(this.cameraAnswer),
  };
  readonly dialogs = {
    ask: (question: Question, _over?: DesktopWindow, signal?: AbortSignal): Promise<number> => {
      this.questions.push(question);
      const answer = this.answer(question);
      if (answer !== undefined) return Promise.resolve(answer);
      return new Promise((resolve) => {
        signal?.addEventListener('abort', () => resolve(question.cancel), { once: true });
      });
    },
  };
  readonly ipc = {
    listen: (channel: string, listener: (sender: Sender, message: unknown) => void) => {
      const listeners = this.#ipc.get(channel) ?? new Set();
      this.#ipc.set(channel, listeners.add(listener));
      return () => listeners.delete(listener);
    },
  };

  openTray(image: string, listener: TrayListener): TrayHost {
    const tray = new TrayDouble(image, listener);
    this.trays.push(tray);
    return tray;
  }

  trayLook(): TrayLook {
    return this.look;
  }

  onTrayLook(listener: () => void): () => void {
    this.#lookListeners.add(listener);
    return () => this.#lookListeners.delete(listener);
  }

  changeLook(look: TrayLook): void {
    this.look = look;
    for (const listener of this.#lookListeners) listener();
  }

  constructor(options: DoubleOptions = {}) {
    this.platform = options.platform ?? 'linux';
    this.app = new AppDouble(options);
    this.keyring = options.keyring ?? new KeyringDouble();
    this.screen = options.screen ?? {
      workAreas: () => [{ x: 0, y: 0, width: 1920, height: 1040 }],
      placement: 'free',
    };
  }

  get window(): WindowDouble {
    const window = this.windows.at(-1);
    if (window === undefined) throw new Error('there is no window');
    return window;
  }

  /** Channels somebody listens to. */
  get channels(): readonly string[] {
    return [...this.#ipc].filter(([, listeners]) => listeners.size > 0).map(([name]) => name);
  }

  openExternal(url: string): Promise<void> {
    this.opened.push(url);
    return Promise.resolve();
  }

  isDark(): boolean {
    return false;
  }

  setTheme(source: string): void {
    this.theme = source;
  }

  setAppMenu(template: readonly MenuItemConstructorOptions[] | null): void {
    this.menu = template;
  }

  openWindow(options: BrowserWindowConstructorOptions): WindowDouble {
    const window = new WindowDouble(this.windows.length + 1, options);
    this.windows.push(window);
    return window;
  }

  notify(title: string, body: string): Promise<'shown' | 'failed'> {
    this.notified.push({ title, body });
    return Promise.resolve(this.notifications);
  }

  /** A message of a page, by default of the newest window's. */
  say(channel: string, message: unknown, sender: Partial<Sender> = {}): void {
    const from = {
      pageId: this.window.pageId,
      frame: 'main',
      origin: PAGE_ORIGIN,
      ...sender,
    } as const;
    for (const listener of this.#ipc.get(channel) ?? []) listener(from, message);
  }

  /** The rules a page gets that is made now. */
  rules(): PageRules {
    const given: PageRules[] = [];
    this.app.events?.onPage({ guard: (rules) => given.push(rules) });
    const [rules] = given;
    if (rules === undefined) throw new Error('the page was given no rules');
    return rules;
  }
}
