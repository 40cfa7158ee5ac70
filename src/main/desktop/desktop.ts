/**
 * The few things of Electron that the shell uses, as it uses them: Electron (electron/) and the
 * double of the tests both fit. Everything here is plain data, functions and promises.
 *
 * Invariant: nothing of Electron gets past this interface but its types of options.
 */
import type {
  BrowserWindowConstructorOptions,
  LoginItemSettings,
  MenuItemConstructorOptions,
  SafeStorage,
  SystemPreferences,
} from 'electron';
import type { ShellView } from '../../shared/shell-calls.ts';
import type { Notifier } from '../notices/notifier.ts';
import type { OpenTrayHost } from '../tray/tray-host.ts';

export type Platform = ShellView['platform'];
/** Stops what it came from. */
export type Stop = () => void;

export interface Desktop {
  readonly platform: Platform;
  readonly app: DesktopApp;
  readonly session: DesktopSession;
  readonly power: DesktopPower;
  readonly keyring: DesktopKeyring;
  readonly login: DesktopLogin;
  readonly dialogs: DesktopDialogs;
  readonly clipboard: { writeText(text: string): Promise<void> };
  readonly camera: DesktopCamera;
  readonly ipc: DesktopIpc;
  readonly screen: DesktopScreen;
  /** Hands a URL to the system: only what was made or checked here. */
  openExternal(url: string): Promise<void>;
  /** Whether pages are dark now. */
  isDark(): boolean;
  /** Light, dark or what the system has, for the page and the frame of its window. */
  setTheme(source: 'system' | 'light' | 'dark'): void;
  /** Null for no menu at all. */
  setAppMenu(template: readonly MenuItemConstructorOptions[] | null): void;
  openWindow(options: BrowserWindowConstructorOptions): DesktopWindow;
  /** Puts an icon among those of the system. */
  openTray(...args: Parameters<OpenTrayHost>): ReturnType<OpenTrayHost>;
  readonly notifier: Notifier;
  trayLook(): TrayLook;
  /** It is another one now. */
  onTrayLook(listener: () => void): Stop;
  /** Whether it was shown, as far as the system tells. */
  notify(title: string, body: string): Promise<'shown' | 'failed'>;
}

/** What an icon in the tray lies on, and whether it may move. */
export interface TrayLook {
  readonly background: 'light' | 'dark';
  readonly motion: 'full' | 'reduced';
}

export interface DesktopApp {
  readonly version: string;
  /** `development`: started from a checkout. */
  readonly build: 'packaged' | 'development';
  /** `--hidden` and a link, among others that are ignored. */
  readonly argv: readonly string[];
  /** For every process that shows pages; before ready. */
  enableSandbox(): void;
  /** Where Chromium keeps its own files; before ready. */
  setUserData(folder: string): void;
  /** The scheme of the page; before ready. */
  registerPageScheme(scheme: string): void;
  /** Names this app to the desktop, for windows and notifications; before ready. */
  setIdentity(names: { readonly desktopName: string; readonly appId: string }): void;
  /** Makes links of `scheme` start this app, with `args` before the link. */
  registerLinks(scheme: string, args: readonly string[]): void;
  /** Whether no other one of this user runs; else that one hears of it. */
  beTheOnlyOne(): boolean;
  listen(events: AppEvents): void;
  whenReady(): Promise<void>;
  /** BCP 47 tags, the preferred one first. */
  languages(): readonly string[];
  /** Asks to quit, as the menu of the system does: see `AppEvents.onQuitWish`. */
  quit(): void;
  /** Ends the process now. */
  exit(code: number): void;
  /** Starts the app again when this process has ended. */
  relaunch(): void;
}

export interface AppEvents {
  /** Another one was started, with these arguments, and ends itself. */
  onSecondInstance(argv: readonly string[]): void;
  /** macOS: a link was opened. */
  onOpenUrl(url: string): void;
  /** macOS: the icon in the dock was clicked. */
  onActivate(): void;
  /**
   * Somebody wants the app to quit: a menu, the system. `later`: it does not do so by itself; `now`:
   * nothing holds it up.
   */
  onQuitWish(): 'later' | 'now';
  /** A page was made; whatever made it, it gets these. */
  onPage(page: DesktopPage): void;
}

/** What can be denied to a page. */
export interface DesktopPage {
  /** Asked before any frame leaves for `url`; answers whether it may. */
  guard(rules: PageRules): void;
}

export interface PageRules {
  mayNavigate(url: string): boolean;
  mayOpenWindow(url: string): boolean;
  mayAttachWebview(): boolean;
}

export interface DesktopWindow {
  /** Of its page, for as long as it lives. */
  readonly pageId: number;
  listen(events: WindowEvents): void;
  load(url: string): Promise<void>;
  reload(): void;
  send(channel: string, message: string): void;
  /** Restores it when it is minimised, too. */
  show(): void;
  hide(): void;
  maximize(): void;
  isVisible(): boolean;
  isMaximized(): boolean;
  /** Of the window as it is when it is not maximised. */
  bounds(): Rectangle;
  /** Without asking. */
  destroy(): void;
}

export interface WindowEvents {
  /** Its page can be shown. */
  onReady(): void;
  /** A person closed it; it stays until it is hidden or destroyed. */
  onCloseWish(): void;
  onClosed(): void;
  onMoved(): void;
  onVisibility(now: 'visible' | 'hidden'): void;
  /** Another page, or the same one again, takes the place of the one that was there. */
  onPageReplaced(): void;
  /** Its process has ended, for this reason. */
  onPageGone(reason: string): void;
  /** Windows: the session ends. */
  onSessionEnd(): void;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface DesktopScreen {
  /** Where windows can be, on each display. */
  workAreas(): readonly Rectangle[];
  /** Whether windows can be put somewhere: not on Wayland. */
  readonly placement: 'free' | 'by-system';
}

/** What a page asks the system for. */
export interface PermissionWish {
  /** Electron's name of it. */
  readonly permission: string;
  /** Of the frame that asks; empty where none does. */
  readonly origin: string;
  readonly frame: 'main' | 'inner';
  /** Of `media`: what is to be recorded, as far as it is known. */
  readonly media: readonly ('video' | 'audio' | 'unknown')[];
}

export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

export interface PageRequest {
  readonly url: string;
  readonly method: string;
}

/** The session of every page of this app. */
export interface DesktopSession {
  /** Answers whether it is granted; for requests and for checks, for devices and for screens. */
  decidePermissions(decide: (wish: PermissionWish) => boolean): void;
  /** Answers whether it may go out. */
  decideRequests(decide: (url: string) => boolean): void;
  /** Answers the name to suggest in a dialog that asks where to save it, or that it may not be. */
  decideDownloads(decide: (url: string, name: string) => { saveAs: string } | 'refuse'): void;
  serve(scheme: string, answer: (request: PageRequest) => Promise<PageAnswer>): void;
}

interface DesktopPower {
  listen(events: PowerEvents): void;
}

export interface PowerEvents {
  onSuspend(): void;
  onResume(): void;
  onUnlocked(): void;
  /** The computer is being switched off. */
  onShutdown(): void;
}

/** Seals texts with a key that the system keeps. */
export type DesktopKeyring = Pick<
  SafeStorage,
  'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync'
> & {
  /** What keeps the key on Linux; `system` elsewhere. */
  backend(): ReturnType<SafeStorage['getSelectedStorageBackend']> | 'system';
};

/** Windows and macOS; Linux has a file (login/). */
export interface DesktopLogin {
  get(
    args: readonly string[],
  ): Pick<LoginItemSettings, 'openAtLogin' | 'status' | 'wasOpenedAtLogin'>;
  set(openAtLogin: boolean, args: readonly string[]): void;
}

export interface Question {
  readonly message: string;
  readonly detail: string;
  readonly kind: 'question' | 'info' | 'warning' | 'error';
  /** The first is the default. */
  readonly buttons: readonly [string, ...string[]];
  /** Index of what Esc and the close button mean. */
  readonly cancel: number;
}

export interface DesktopDialogs {
  /** Index of the button; that of `cancel` when `signal` aborts. Over `window` where there is one. */
  ask(question: Question, window?: DesktopWindow, signal?: AbortSignal): Promise<number>;
}

export interface DesktopCamera {
  status(): ReturnType<SystemPreferences['getMediaAccessStatus']>;
  /** macOS: asks the person, once. */
  ask(): Promise<boolean>;
}

/** Who sent a message, as the system knows it. */
export interface Sender {
  readonly pageId: number;
  readonly frame: 'main' | 'inner' | 'gone';
  /** RFC 6454. */
  readonly origin: string;
}

export interface DesktopIpc {
  listen(channel: string, listener: (sender: Sender, message: unknown) => void): Stop;
}
