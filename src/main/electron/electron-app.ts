/** Electron's `app`, as the shell uses it. */
import { codeOfLink } from '../deep-link.ts';
import { app, protocol } from 'electron';
import type { DesktopApp } from '../desktop/desktop.ts';
import { pageOf } from './electron-page.ts';

/** With the app's folder before them when it is started from a checkout. */
const OWN_ARGUMENTS = app.isPackaged ? 1 : 2;

export const electronApp: DesktopApp = {
  version: app.getVersion(),
  build: app.isPackaged ? 'packaged' : 'development',
  argv: process.argv.slice(OWN_ARGUMENTS),
  enableSandbox: () => app.enableSandbox(),
  setUserData: (folder) => app.setPath('userData', folder),
  registerPageScheme: (scheme) => {
    const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true };
    protocol.registerSchemesAsPrivileged([{ scheme, privileges }]);
  },
  setIdentity: ({ desktopName, appId }) => {
    if (process.platform === 'linux') app.setDesktopName(desktopName);
    if (process.platform === 'win32') app.setAppUserModelId(appId);
  },
  registerLinks: (scheme, args) => {
    app.setAsDefaultProtocolClient(scheme, process.execPath, [...args]);
  },
  beTheOnlyOne: () => app.requestSingleInstanceLock(),
  listen: (events) => {
    // Without a listener Electron quits by itself.
    app.on('window-all-closed', () => undefined);
    app.on('second-instance', (_event, argv) => events.onSecondInstance(argv));
    app.on('open-url', (event, url) => {
      event.preventDefault();
      events.onOpenUrl(url);
    });
    app.on('activate', () => events.onActivate());
    app.on('before-quit', (event) => {
      if (events.onQuitWish() === 'later') event.preventDefault();
    });
    app.on('web-contents-created', (_event, contents) => events.onPage(pageOf(contents)));
  },
  whenReady: () => app.whenReady(),
  languages: () => app.getPreferredSystemLanguages(),
  quit: () => app.quit(),
  exit: (code) => app.exit(code),
  relaunch: () => {
    const image = process.env['APPIMAGE'];
    // What the first start was for is done: neither hidden again, nor the same link.
    const args = process.argv
      .slice(1)
      .filter((argument) => argument !== '--hidden' && codeOfLink(argument) === undefined);
    app.relaunch(image === undefined ? { args } : { args, execPath: image });
  },
};
