/** How the window is made: its size, and everything that a page in it is not allowed. */
import type { BrowserWindowConstructorOptions } from 'electron';
import type { WindowPlace } from './window-state.ts';

/** design/ux.md C3. */
export const WINDOW_SIZE = { width: 860, height: 600 } as const;
export const WINDOW_LEAST = { width: 420, height: 480 } as const;

/** Behind the page until it is drawn: the page's own background, so that nothing flashes. */
const BACKGROUNDS = { light: '#ffffff', dark: '#16181d' } as const;

export interface WindowOptions {
  readonly place: WindowPlace;
  /** Path of the bundled preload script. */
  readonly preload: string;
  readonly background: keyof typeof BACKGROUNDS;
  /** Developer tools are for those who build Porthole. */
  readonly devTools: 'allowed' | 'none';
}

export function windowOptions({
  place,
  preload,
  background,
  devTools,
}: WindowOptions): BrowserWindowConstructorOptions {
  return {
    ...place,
    minWidth: WINDOW_LEAST.width,
    minHeight: WINDOW_LEAST.height,
    show: false,
    title: 'Porthole',
    backgroundColor: BACKGROUNDS[background],
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      safeDialogs: true,
      webgl: false,
      autoplayPolicy: 'document-user-activation-required',
      devTools: devTools === 'allowed',
      // A hidden window shows nothing: its timers may sleep.
      backgroundThrottling: true,
    },
  };
}
