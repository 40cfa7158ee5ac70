/** Electron's BrowserWindow, as the shell uses it. */
import { BrowserWindow } from 'electron';
import type { BrowserWindowConstructorOptions } from 'electron';
import type { DesktopWindow, WindowEvents } from '../desktop/desktop.ts';

/** For what needs the window itself: a dialog over it. */
const windows = new WeakMap<DesktopWindow, BrowserWindow>();

export function browserWindowOf(window: DesktopWindow): BrowserWindow | undefined {
  const found = windows.get(window);
  return found === undefined || found.isDestroyed() ? undefined : found;
}

export function openElectronWindow(options: BrowserWindowConstructorOptions): DesktopWindow {
  const window = new BrowserWindow(options);
  const { webContents } = window;
  const pageId = webContents.id;
  const opened: DesktopWindow = {
    pageId,
    listen: (events) => listen(window, events),
    load: (url) => window.loadURL(url),
    reload: () => webContents.reload(),
    send: (channel, message) => {
      if (!webContents.isDestroyed()) webContents.send(channel, message);
    },
    show: () => {
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    hide: () => window.hide(),
    maximize: () => window.maximize(),
    isVisible: () => window.isVisible(),
    isMaximized: () => window.isMaximized(),
    bounds: () => window.getNormalBounds(),
    destroy: () => window.destroy(),
  };
  windows.set(opened, window);
  return opened;
}

function listen(window: BrowserWindow, events: WindowEvents): void {
  window.once('ready-to-show', () => events.onReady());
  window.on('close', (event) => {
    event.preventDefault();
    events.onCloseWish();
  });
  window.on('closed', () => events.onClosed());
  for (const event of ['resize', 'move'] as const) {
    window.on(event as 'resize', () => events.onMoved());
  }
  for (const event of ['show', 'restore'] as const) {
    window.on(event as 'show', () => events.onVisibility('visible'));
  }
  for (const event of ['hide', 'minimize'] as const) {
    window.on(event as 'hide', () => events.onVisibility('hidden'));
  }
  window.on('session-end', () => events.onSessionEnd());
  listenToPage(window, events);
}

function listenToPage({ webContents }: BrowserWindow, events: WindowEvents): void {
  webContents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) events.onPageReplaced();
  });
  webContents.on('render-process-gone', (_event, { reason }) => events.onPageGone(reason));
}
