/**
 * A place among the tray icons by Electron's Tray and Menu, which are passed in: nothing here is there
 * at run time but what the main process gives.
 *
 * Invariant: holds its menu for as long as the system may show it.
 */
import type { Menu, MenuItemConstructorOptions, Tray } from 'electron';
import type { MenuAction, MenuItem, Platform } from './menu-item.ts';
import type { OpenTrayHost, TrayHost } from './tray-host.ts';

type UsedTray = Pick<
  Tray,
  'setImage' | 'setToolTip' | 'setContextMenu' | 'popUpContextMenu' | 'on' | 'destroy'
>;

/** What of Electron is used. */
export interface ElectronTrayParts {
  readonly Tray: new (image: string, guid?: string) => UsedTray;
  readonly Menu: Pick<typeof Menu, 'buildFromTemplate'>;
}

/** macOS keeps the place of an icon under this id. Windows takes one only from signed programs. */
const TRAY_GUID = '6d0a6f1c-0c5e-4f6a-9a55-6b1d4e4c2b7e';

/** Opens an icon by Electron; throws when its image cannot be read. */
export function electronTray({ Tray, Menu }: ElectronTrayParts, platform: Platform): OpenTrayHost {
  return (image, listener): TrayHost => {
    const tray = platform === 'macos' ? new Tray(image, TRAY_GUID) : new Tray(image);
    tray.on('click', () => listener.onClick());
    if (platform !== 'linux') {
      tray.on('right-click', () => listener.onRightClick());
      tray.on('mouse-enter', () => listener.onHover());
    }
    const build = (items: readonly MenuItem[]): Menu =>
      Menu.buildFromTemplate(menuTemplate(items, (action) => listener.onAction(action)));
    let menu: Menu | null = null;
    return {
      setImage: (path) => tray.setImage(path),
      setTooltip: (text) => tray.setToolTip(text),
      setMenu: (items) => {
        menu = build(items);
        tray.setContextMenu(menu);
      },
      popUpMenu: (items) => {
        menu = build(items);
        tray.popUpContextMenu(menu);
      },
      destroy: () => {
        menu = null;
        tray.destroy();
      },
    };
  };
}

/** `items` as Electron's menus want them. */
export function menuTemplate(
  items: readonly MenuItem[],
  onAction: (action: MenuAction) => void,
): MenuItemConstructorOptions[] {
  return items.map((item) => {
    switch (item.kind) {
      case 'separator':
        return { type: 'separator' };
      case 'label':
      case 'disabled':
        return { label: item.label, enabled: false };
      case 'action':
        return { label: item.label, click: () => onAction(item.action) };
      case 'checkbox':
        return {
          type: 'checkbox',
          label: item.label,
          checked: item.check === 'on',
          click: () => onAction(item.action),
        };
      case 'submenu':
        return { label: item.label, submenu: menuTemplate(item.items, onAction) };
    }
  });
}
