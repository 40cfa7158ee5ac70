/**
 * A place among the tray icons of the system, as far as the tray needs one. electron-tray.ts is the
 * real one.
 */
import type { MenuAction, MenuItem } from './menu-item.ts';
import type { TrayState } from './tray-state.ts';

/** Pictures of assets/rendered/tray: one for each state, and the frames of the one that moves. */
export type TrayPicture = TrayState | 'connecting-1' | 'connecting-2';

/** What the icon lies on; macOS colours its `template` itself. */
type TrayVariant = 'on-light' | 'on-dark' | 'template';

/** Where the file of a picture is. */
export type IconPath = (picture: TrayPicture, variant: TrayVariant) => string;

/** What a person does with the icon. */
export interface TrayListener {
  /** Left click; on Linux whatever the panel takes for one. */
  onClick(): void;
  /** Windows and macOS. */
  onRightClick(): void;
  /** The pointer is over the icon: a click may come. Windows and macOS. */
  onHover(): void;
  onAction(action: MenuAction): void;
}

export interface TrayHost {
  /** `path`: of an image file. */
  setImage(path: string): void;
  setTooltip(text: string): void;
  /** The menu that the system opens by itself. */
  setMenu(items: readonly MenuItem[]): void;
  /** Opens a menu at the icon, where the system does not do it by itself (Windows). */
  popUpMenu(items: readonly MenuItem[]): void;
  destroy(): void;
}

/** Puts an icon there; it is empty until an image is set. */
export type OpenTrayHost = (image: string, listener: TrayListener) => TrayHost;
