/** Electron as the shell uses it: see desktop/desktop.ts. */
import {
  clipboard,
  dialog,
  ipcMain,
  Menu,
  nativeTheme,
  Notification,
  powerMonitor,
  safeStorage,
  screen,
  shell,
  systemPreferences,
  Tray,
} from 'electron';
import type { IpcMainEvent } from 'electron';
import { app } from 'electron';
import type {
  Desktop,
  DesktopDialogs,
  DesktopKeyring,
  Platform,
  Sender,
  TrayLook,
} from '../desktop/desktop.ts';
import { electronNotifier } from '../notices/electron-notifier.ts';
import { electronTray } from '../tray/electron-tray.ts';
import { electronApp } from './electron-app.ts';
import { electronSession } from './electron-session.ts';
import { browserWindowOf, openElectronWindow } from './electron-window.ts';

export function electronDesktop(): Desktop {
  return {
    platform: platformOf(process.platform),
    app: electronApp,
    session: electronSession(),
    power: {
      listen: (events) => {
        powerMonitor.on('suspend', () => events.onSuspend());
        powerMonitor.on('resume', () => events.onResume());
        powerMonitor.on('unlock-screen', () => events.onUnlocked());
        powerMonitor.on('shutdown', () => events.onShutdown());
      },
    },
    keyring,
    login: {
      get: (args) => app.getLoginItemSettings({ args: [...args] }),
      set: (openAtLogin, args) => app.setLoginItemSettings({ openAtLogin, args: [...args] }),
    },
    dialogs,
    clipboard: { writeText: (text) => clipboard.writeText(text) },
    camera: {
      // Linux has no such setting.
      status: () =>
        process.platform === 'linux' ? 'unknown' : systemPreferences.getMediaAccessStatus('camera'),
      ask: () => systemPreferences.askForMediaAccess('camera'),
    },
    ipc: {
      listen: (channel, listener) => {
        const onMessage = (event: IpcMainEvent, message: unknown): void =>
          listener(senderOf(event), message);
        ipcMain.on(channel, onMessage);
        return () => ipcMain.off(channel, onMessage);
      },
    },
    screen: {
      workAreas: () => screen.getAllDisplays().map(({ workArea }) => workArea),
      placement: isWayland() ? 'by-system' : 'free',
    },
    openExternal: (url) => shell.openExternal(url),
    isDark: () => nativeTheme.shouldUseDarkColors,
    setTheme: (source) => {
      nativeTheme.themeSource = source;
    },
    setAppMenu: (template) =>
      Menu.setApplicationMenu(template === null ? null : Menu.buildFromTemplate([...template])),
    openWindow: openElectronWindow,
    openTray: electronTray({ Tray, Menu }, platformOf(process.platform)),
    notifier: electronNotifier(Notification),
    trayLook,
    onTrayLook: (listener) => {
      nativeTheme.on('updated', listener);
      return () => nativeTheme.off('updated', listener);
    },
    notify,
  };
}

function platformOf(platform: NodeJS.Platform): Platform {
  if (platform === 'darwin') return 'macos';
  return platform === 'win32' ? 'windows' : 'linux';
}

/** Panels of Linux do not say; most are dark, and the pictures for dark ones have an edge for the rest. */
function trayLook(): TrayLook {
  const isDark =
    process.platform === 'linux' || nativeTheme.shouldUseDarkColorsForSystemIntegratedUI;
  const { prefersReducedMotion } = systemPreferences.getAnimationSettings();
  return {
    background: isDark ? 'dark' : 'light',
    motion: prefersReducedMotion ? 'reduced' : 'full',
  };
}

function isWayland(): boolean {
  return process.platform === 'linux' && process.env['XDG_SESSION_TYPE'] === 'wayland';
}

const keyring: DesktopKeyring = {
  isAsyncEncryptionAvailable: () => safeStorage.isAsyncEncryptionAvailable(),
  encryptStringAsync: (text) => safeStorage.encryptStringAsync(text),
  decryptStringAsync: (bytes) => safeStorage.decryptStringAsync(bytes),
  backend: () =>
    process.platform === 'linux' ? safeStorage.getSelectedStorageBackend() : 'system',
};

const dialogs: DesktopDialogs = {
  ask: async ({ message, detail, kind, buttons, cancel }, over, signal) => {
    const options = {
      message,
      detail,
      type: kind,
      title: 'Porthole',
      buttons: [...buttons],
      defaultId: 0,
      cancelId: cancel,
      noLink: true,
      ...(signal === undefined ? {} : { signal }),
    };
    const window = over === undefined ? undefined : browserWindowOf(over);
    const answered =
      window === undefined
        ? await dialog.showMessageBox(options)
        : await dialog.showMessageBox(window, options);
    return answered.response;
  },
};

function senderOf({ sender, senderFrame }: IpcMainEvent): Sender {
  const pageId = sender.id;
  if (senderFrame === null) return { pageId, frame: 'gone', origin: '' };
  const isMain = senderFrame.parent === null && senderFrame === sender.mainFrame;
  return { pageId, frame: isMain ? 'main' : 'inner', origin: senderFrame.origin };
}

/** Linux tells of neither; what is not said to have failed is taken as shown. */
function notify(title: string, body: string): Promise<'shown' | 'failed'> {
  if (!Notification.isSupported()) return Promise.resolve('failed');
  return new Promise((resolve) => {
    const notification = new Notification({ title, body });
    notification.once('show', () => resolve('shown'));
    notification.once('failed', () => resolve('failed'));
    notification.show();
  });
}
