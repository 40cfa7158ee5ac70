/**
 * What a tray menu is made of, as data: nothing here knows how a menu is drawn, and what an item does
 * is a value that whoever shows the menu hands back when it is chosen.
 *
 * Invariant: plain data, so that two menus are the same when their JSON is.
 */

/** What a call of the engine, the clipboard or the browser does. `local` is a local address. */
type DirectAction =
  | { readonly kind: 'share-port'; readonly target: string }
  | { readonly kind: 'copy-link'; readonly share: string }
  | { readonly kind: 'pause'; readonly share: string }
  | { readonly kind: 'resume'; readonly share: string }
  | { readonly kind: 'stop'; readonly share: string }
  | { readonly kind: 'pause-all' }
  | { readonly kind: 'resume-all' }
  | { readonly kind: 'open-in-browser'; readonly local: string }
  | { readonly kind: 'copy-address'; readonly local: string }
  | { readonly kind: 'disconnect'; readonly local: string }
  | { readonly kind: 'copy-device-id'; readonly peer: string }
  | { readonly kind: 'reconnect'; readonly peer: string };

/** What the window, or the app itself, goes on with. */
export type WindowAction =
  | { readonly kind: 'show-problem' }
  | { readonly kind: 'share-a-port' }
  | { readonly kind: 'add-a-device' }
  | { readonly kind: 'show-qr'; readonly share: string }
  | { readonly kind: 'device-details'; readonly peer: string }
  | { readonly kind: 'show-all'; readonly page: 'ports' | 'devices' }
  | { readonly kind: 'open' }
  | { readonly kind: 'settings' }
  | { readonly kind: 'check-for-updates' }
  | { readonly kind: 'quit' };

/** What a person can choose. Ids are those of the contract. */
export type MenuAction = DirectAction | WindowAction;

/** `label` is as the platform wants it: `&` is doubled where it would mark a letter. */
export type MenuItem =
  | { readonly kind: 'separator' }
  /** Only says something. */
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'action'; readonly label: string; readonly action: MenuAction }
  /** Cannot be chosen now. */
  | { readonly kind: 'disabled'; readonly label: string }
  | {
      readonly kind: 'checkbox';
      readonly label: string;
      readonly check: 'on' | 'off';
      readonly action: MenuAction;
    }
  | { readonly kind: 'submenu'; readonly label: string; readonly items: readonly MenuItem[] };

/** Whose habits a menu follows. */
export type Platform = 'linux' | 'macos' | 'windows';
