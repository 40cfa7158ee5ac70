/** Where the pictures of the tray are, as scripts/render-icons.ts writes them. */
import { join } from 'node:path';
import type { Platform } from './menu-item.ts';
import type { IconPath } from './tray-host.ts';

/** `folder`: assets/rendered/tray. Electron finds the `@2x` beside a PNG by itself. */
export function iconPathIn(folder: string, platform: Platform): IconPath {
  return (picture, variant) => {
    switch (platform) {
      case 'macos':
        return join(folder, 'mac', `${picture}Template.png`);
      case 'windows':
        return join(folder, 'windows', `${picture}-${variant}.ico`);
      case 'linux':
        return join(folder, 'linux', `${picture}-${variant}.png`);
    }
  };
}
