/** Electron's WebContents, as far as something is denied to it. */
import type { WebContents } from 'electron';
import type { DesktopPage } from '../desktop/desktop.ts';

export function pageOf(contents: WebContents): DesktopPage {
  return {
    guard: (rules) => {
      contents.on('will-navigate', (event) => {
        if (!rules.mayNavigate(event.url)) event.preventDefault();
      });
      contents.on('will-frame-navigate', (event) => {
        if (!rules.mayNavigate(event.url)) event.preventDefault();
      });
      contents.on('will-redirect', (event) => {
        if (!rules.mayNavigate(event.url)) event.preventDefault();
      });
      contents.on('will-attach-webview', (event) => {
        if (!rules.mayAttachWebview()) event.preventDefault();
      });
      contents.setWindowOpenHandler(({ url }) => ({
        action: rules.mayOpenWindow(url) ? 'allow' : 'deny',
      }));
    },
  };
}
