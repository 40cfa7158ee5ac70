/**
 * What a page can ask of the shell that shows it: the desktop app, or the daemon that serves it to a
 * browser. Part of the contract (contract.ts).
 */
import * as v from 'valibot';

const text = v.pipe(v.string(), v.maxLength(4096));
const nothing = v.strictObject({});
const none = v.never();
const more = v.literal('more');

/** What can be told by a notification of the system, each of which can be turned off. */
const NoticesSchema = v.strictObject({
  pairing: v.boolean(),
  lost: v.boolean(),
  share: v.boolean(),
});

/** What a person chose for the app itself, on this computer. */
export const PreferencesSchema = v.strictObject({
  language: v.picklist(['system', 'en', 'zh-Hant', 'zh-Hans']),
  theme: v.picklist(['system', 'light', 'dark']),
  /** Whether the app starts when the user logs in, and without a window. */
  startAtLogin: v.boolean(),
  startHidden: v.boolean(),
  /** Whether closing the window leaves the app running. */
  keepRunning: v.boolean(),
  notifications: NoticesSchema,
  /** `done` once the first steps were taken or skipped. */
  firstRun: v.picklist(['todo', 'done']),
  /** Whether it was said that the app stays when its window is closed. */
  toldHiding: v.boolean(),
});
export type Preferences = v.InferOutput<typeof PreferencesSchema>;

export const DEFAULT_PREFERENCES: Preferences = {
  language: 'system',
  theme: 'system',
  startAtLogin: false,
  startHidden: true,
  keepRunning: true,
  notifications: { pairing: true, lost: true, share: true },
  firstRun: 'todo',
  toldHiding: false,
};

/** What the shell is, as far as a page shows something else for it. */
const ShellViewSchema = v.strictObject({
  kind: v.picklist(['desktop', 'web']),
  platform: v.picklist(['linux', 'macos', 'windows']),
  /** Of Porthole. */
  version: text,
  /** BCP 47 tags, the preferred one first; empty where the page knows them itself. */
  languages: v.array(text),
  /** `missing`: this desktop shows no tray icons. */
  tray: v.picklist(['shown', 'missing', 'none']),
  /** `needs-approval`: the system has it, and waits for the person (macOS). */
  login: v.picklist(['available', 'needs-approval', 'unavailable']),
  preferences: PreferencesSchema,
});
export type ShellView = v.InferOutput<typeof ShellViewSchema>;

/** What a menu, a link or a click elsewhere wants the page to show. */
const WishSchema = v.variant('kind', [
  v.strictObject({
    kind: v.literal('page'),
    page: v.picklist(['ports', 'devices', 'activity', 'settings']),
  }),
  v.strictObject({ kind: v.literal('share'), port: v.nullable(v.number()) }),
  /** `code`: what a link brought; it is shown, never used by itself. */
  v.strictObject({ kind: v.literal('add-device'), code: v.nullable(text) }),
  v.strictObject({ kind: v.literal('device'), peer: text }),
  /** The code of a new invite for a share. */
  v.strictObject({ kind: v.literal('share-code'), share: text }),
]);
export type Wish = v.InferOutput<typeof WishSchema>;

export const SHELL_CALLS = {
  /** Feed: what the shell is, and the preferences, whenever they change. */
  shell: { params: nothing, event: ShellViewSchema, input: more, result: none },
  changePreferences: {
    params: v.partial(PreferencesSchema),
    event: none,
    input: none,
    result: nothing,
  },
  /** Feed: what the page should show. */
  wishes: { params: nothing, event: WishSchema, input: more, result: none },
  /**
   * Opens a forward in the browser, by its local address. `url`: the page is to open it itself; null
   * when the shell has done it.
   */
  openForward: {
    params: v.strictObject({ local: text }),
    event: none,
    input: none,
    result: v.strictObject({ url: v.nullable(text) }),
  },
  /** Asks the system for the camera, where it wants to be asked. */
  camera: {
    params: nothing,
    event: none,
    input: none,
    result: v.strictObject({ access: v.picklist(['granted', 'denied', 'ask-in-page']) }),
  },
  /** Opens a page of the system's settings. */
  openSystemSettings: {
    params: v.strictObject({ about: v.picklist(['camera', 'local-network', 'firewall', 'login']) }),
    event: none,
    input: none,
    result: nothing,
  },
  /** Starts the app again, for settings that need it. Unavailable in a browser: E_NOT_HERE. */
  relaunch: { params: nothing, event: none, input: none, result: nothing },
} as const;
