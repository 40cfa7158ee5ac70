/**
 * The menu of the app: on macOS, where copying and pasting by keyboard comes from it. Elsewhere there
 * is none; Chromium knows those keys itself there.
 */
import type { MenuItemConstructorOptions } from 'electron';
import type { Say } from '../shared/messages/language.ts';
import { SHELL_TEXTS } from '../shared/messages/shell.ts';
import type { Platform } from './desktop/desktop.ts';

export interface AppMenuOptions {
  readonly platform: Platform;
  readonly say: Say<(typeof SHELL_TEXTS)['en']>;
  readonly openSettings: () => void;
}

type Role = NonNullable<MenuItemConstructorOptions['role']>;

const LINE: MenuItemConstructorOptions = { type: 'separator' };

/** Null for none. */
export function appMenu({
  platform,
  say,
  openSettings,
}: AppMenuOptions): readonly MenuItemConstructorOptions[] | null {
  if (platform !== 'macos') return null;
  const settings = { label: say('menuSettings'), accelerator: 'Cmd+,', click: openSettings };
  return [
    {
      label: 'Porthole',
      submenu: [
        ...roles('about'),
        LINE,
        settings,
        LINE,
        ...roles('services'),
        LINE,
        ...roles('hide', 'hideOthers', 'unhide'),
        LINE,
        // Comes back as a wish to quit, so it asks like every other.
        { role: 'quit', label: say('quitPorthole') },
      ],
    },
    {
      label: say('menuEdit'),
      submenu: [
        ...roles('undo', 'redo'),
        LINE,
        ...roles('cut', 'copy', 'paste', 'pasteAndMatchStyle', 'delete', 'selectAll'),
      ],
    },
    {
      label: say('menuWindow'),
      role: 'windowMenu',
      submenu: roles('minimize', 'zoom', 'close', 'front'),
    },
  ];
}

function roles(...names: readonly Role[]): MenuItemConstructorOptions[] {
  return names.map((role) => ({ role }));
}
