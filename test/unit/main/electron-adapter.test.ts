/**
 * The adapter to Electron, on stand-ins of the few modules it uses: that what Electron says gets to
 * the shell, and what the shell decides gets back.
 */
import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { AppEvents, PermissionWish, Sender } from '../../../src/main/desktop/desktop.ts';

type Handler = (...args: never[]) => unknown;

const fake = vi.hoisted(() => ({
  modules: {} as Record<string, unknown>,
  handlers: new Map<string, Handler>(),
  calls: [] as string[],
}));

vi.mock('electron', () => fakeElectron());

/** An emitter whose other functions write down that they were called. */
function emitter(name: string, values: object): EventEmitter {
  const known = Object.assign(new EventEmitter(), values);
  return new Proxy(known, {
    get: (target, key) => {
      if (Reflect.has(target, key) || typeof key === 'symbol') {
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? (value as Handler).bind(target) : value;
      }
      return (...args: unknown[]) => {
        fake.calls.push(`${name}.${key}`);
        const handler = args.find((arg) => typeof arg === 'function');
        if (handler !== undefined) fake.handlers.set(key, handler as Handler);
        return undefined;
      };
    },
  });
}

function fakeElectron(): Record<string, unknown> {
  const page = emitter('webContents', { id: 7, mainFrame: 'frame', isDestroyed: () => false });
  const values = {
    app: emitter('app', { isPackaged: true, getVersion: () => '9.9.9' }),
    session: {
      defaultSession: emitter('session', {
        webRequest: emitter('webRequest', {}),
        protocol: emitter('protocol', {}),
      }),
    },
    ...Object.fromEntries(
      ['protocol', 'powerMonitor', 'ipcMain', 'dialog', 'clipboard', 'Menu', 'nativeTheme'].map(
        (name) => [name, emitter(name, {})],
      ),
    ),
    ...Object.fromEntries(
      ['safeStorage', 'screen', 'shell', 'systemPreferences'].map((name) => [
        name,
        emitter(name, {}),
      ]),
    ),
    Notification: emitter('Notification', {}),
    Tray: emitter('Tray', {}),
    BrowserWindow: function BrowserWindow() {
      fake.modules['window'] = emitter('window', { webContents: page, isDestroyed: () => false });
      return fake.modules['window'];
    },
  };
  Object.assign(fake.modules, values, { page });
  return values;
}

const { electronDesktop } = await import('../../../src/main/electron/electron-desktop.ts');
const { pageOf } = await import('../../../src/main/electron/electron-page.ts');
const desktop = electronDesktop();

function module(name: string): EventEmitter {
  return fake.modules[name] as EventEmitter;
}

/** Emits an event that can be prevented, and tells whether it was. */
function emit(
  from: EventEmitter,
  name: string,
  event: object = {},
  ...args: unknown[]
): 'prevented' | 'goes on' {
  let outcome: 'prevented' | 'goes on' = 'goes on';
  const preventDefault = (): void => {
    outcome = 'prevented';
  };
  from.emit(name, Object.assign(event, { preventDefault }), ...args);
  return outcome;
}

beforeEach(() => {
  fake.calls.length = 0;
});

describe('the app', () => {
  const told: string[] = [];
  let quit: 'later' | 'now' = 'later';
  const events: AppEvents = {
    onSecondInstance: (argv) => told.push(`second ${argv.join(' ')}`),
    onOpenUrl: (url) => told.push(`url ${url}`),
    onActivate: () => told.push('activate'),
    onQuitWish: () => quit,
    onPage: () => told.push('page'),
  };
  desktop.app.listen(events);

  test('passes on what happens to it', () => {
    emit(module('app'), 'second-instance', {}, ['a', 'b']);
    expect(emit(module('app'), 'open-url', {}, 'porthole://x')).toBe('prevented');
    emit(module('app'), 'activate');
    emit(module('app'), 'web-contents-created', {}, module('page'));
    expect(told).toEqual(['second a b', 'url porthole://x', 'activate', 'page']);
  });

  test('quits when the shell says so, and not when its last window closes', () => {
    expect(emit(module('app'), 'before-quit')).toBe('prevented');
    quit = 'now';
    expect(emit(module('app'), 'before-quit')).toBe('goes on');
    expect(module('app').listenerCount('window-all-closed')).toBe(1);
  });
});

describe('the session', () => {
  const wishes: PermissionWish[] = [];
  let decision = false;
  desktop.session.decidePermissions((wish) => {
    wishes.push(wish);
    return decision;
  });
  desktop.session.decideRequests((url) => url.startsWith('app:'));
  desktop.session.decideDownloads((url) => (url === 'blob:ok' ? { saveAs: 'x.json' } : 'refuse'));

  test.each([true, false])('asks for permissions, and answers %s', (granted) => {
    decision = granted;
    wishes.length = 0;
    const answers: boolean[] = [];
    const request = fake.handlers.get('setPermissionRequestHandler') as Handler;
    const details = { requestingUrl: 'app://porthole/x', isMainFrame: true, mediaTypes: ['video'] };
    const answer = (given: boolean): void => {
      answers.push(given);
    };
    request(...([null, 'media', answer, details] as never[]));
    const check = fake.handlers.get('setPermissionCheckHandler') as Handler;
    const checked = check(
      ...([null, 'media', 'app://porthole/', { isMainFrame: true, mediaType: 'video' }] as never[]),
    );
    const wish = { permission: 'media', origin: 'app://porthole', frame: 'main', media: ['video'] };
    expect(wishes).toEqual([wish, wish]);
    expect([answers, checked]).toEqual([[granted], granted]);
  });

  test('grants no screen', () => {
    const streams: unknown[] = [];
    const handler = fake.handlers.get('setDisplayMediaRequestHandler') as Handler;
    handler(...([{}, (stream: unknown) => streams.push(stream)] as never[]));
    expect(streams).toEqual([null]);
  });

  test('cancels what may not go out', () => {
    const handler = fake.handlers.get('onBeforeRequest') as Handler;
    const answers: unknown[] = [];
    for (const url of ['app://porthole/', 'https://example.com/']) {
      handler(...([{ url }, (answer: unknown) => answers.push(answer)] as never[]));
    }
    expect(answers).toEqual([{ cancel: false }, { cancel: true }]);
  });

  test('asks where to save what may be saved', () => {
    const { session } = fake.modules as { session: { defaultSession: EventEmitter } };
    const asked: unknown[] = [];
    const item = (url: string) => ({
      getURL: () => url,
      getFilename: () => 'n',
      setSaveDialogOptions: (options: unknown) => asked.push(options),
    });
    expect(emit(session.defaultSession, 'will-download', {}, item('blob:ok'))).toBe('goes on');
    expect(emit(session.defaultSession, 'will-download', {}, item('https://x'))).toBe('prevented');
    expect(asked).toEqual([{ defaultPath: 'x.json' }]);
  });
});

test('a page goes nowhere that its rules forbid', () => {
  const rules = {
    mayNavigate: () => false,
    mayOpenWindow: () => false,
    mayAttachWebview: () => false,
  };
  pageOf(module('page') as never).guard(rules);
  for (const name of ['will-navigate', 'will-frame-navigate', 'will-redirect']) {
    expect(emit(module('page'), name, { url: 'https://example.com/' })).toBe('prevented');
  }
  expect(emit(module('page'), 'will-attach-webview')).toBe('prevented');
  const open = fake.handlers.get('setWindowOpenHandler') as Handler;
  expect(open(...([{ url: 'https://example.com/' }] as never[]))).toEqual({ action: 'deny' });
});

test('a message comes with who sent it', () => {
  const senders: Sender[] = [];
  const stop = desktop.ipc.listen('channel', (sender) => senders.push(sender));
  const main = { parent: null, origin: 'app://porthole' };
  const inner = { parent: main, origin: 'https://example.com' };
  for (const senderFrame of [main, inner, null]) {
    module('ipcMain').emit('channel', { sender: { id: 7, mainFrame: main }, senderFrame }, 'x');
  }
  stop();
  module('ipcMain').emit('channel', { sender: { id: 7, mainFrame: main }, senderFrame: main }, 'x');
  expect(senders).toEqual([
    { pageId: 7, frame: 'main', origin: 'app://porthole' },
    { pageId: 7, frame: 'inner', origin: 'https://example.com' },
    { pageId: 7, frame: 'gone', origin: '' },
  ]);
});

test('a window asks before it closes, and tells when its page is another', () => {
  const told: string[] = [];
  const tell = (name: string) => (): void => {
    told.push(name);
  };
  desktop.openWindow({}).listen({
    onReady: tell('ready'),
    onCloseWish: tell('close?'),
    onClosed: tell('closed'),
    onMoved: tell('moved'),
    onVisibility: (now) => told.push(now),
    onPageReplaced: tell('replaced'),
    onPageGone: (reason) => told.push(reason),
    onSessionEnd: tell('session'),
  });
  expect(emit(module('window'), 'close')).toBe('prevented');
  for (const name of ['ready-to-show', 'resize', 'move', 'show', 'minimize', 'session-end']) {
    emit(module('window'), name);
  }
  emit(module('page'), 'did-start-navigation', { isMainFrame: true, isSameDocument: true });
  emit(module('page'), 'did-start-navigation', { isMainFrame: false, isSameDocument: false });
  emit(module('page'), 'did-start-navigation', { isMainFrame: true, isSameDocument: false });
  emit(module('page'), 'render-process-gone', {}, { reason: 'oom' });
  emit(module('window'), 'closed');
  expect(told).toEqual([
    'close?',
    'ready',
    'moved',
    'moved',
    'visible',
    'hidden',
    'session',
    'replaced',
    'oom',
    'closed',
  ]);
});
