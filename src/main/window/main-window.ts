/**
 * The one window. It is made when it is first shown, and made again when it has gone.
 *
 * Invariant: there is at most one; closing it ends the app only where a person chose that; a page
 * that crashes is loaded again, at most PAGE_CRASHES_MAX times in PAGE_CRASHES_MS.
 */
import type { BrowserWindowConstructorOptions } from 'electron';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { PAGE_CRASHES_MAX, PAGE_CRASHES_MS, WINDOW_SAVE_MS } from '../../shared/limits.ts';
import type { Desktop, DesktopWindow } from '../desktop/desktop.ts';
import type { IpcPort } from '../ipc/ipc-port.ts';
import { PAGE_URL } from '../page-origin.ts';
import type { Visibility } from './visibility.ts';
import type { WindowState } from './window-state.ts';

export interface MainWindowOptions {
  readonly desktop: Pick<Desktop, 'openWindow'>;
  readonly clock: Clock;
  readonly port: Pick<IpcPort, 'attach' | 'replaced' | 'detach'>;
  readonly visibility: Visibility;
  /** For a new window. */
  readonly options: () => BrowserWindowConstructorOptions;
  /** Of the one before. */
  readonly wasMaximized: () => boolean;
  readonly save: (state: WindowState) => void;
  /** What closing means now. */
  readonly onClose: () => 'hide' | 'quit';
  /** It was hidden by closing it. */
  readonly onHidden: () => void;
  readonly onQuitWish: () => void;
  readonly onSessionEnd: () => void;
  /** Its page has stopped for this reason, and is loaded again. */
  readonly onCrash: (reason: string) => void;
  /** Its page stopped too often: the window is gone. */
  readonly onGivenUp: () => void;
}

export class MainWindow {
  readonly #options: MainWindowOptions;
  #window: DesktopWindow | undefined;
  #crashes: number[] = [];
  #cancelSave: CancelTimer = () => {};

  constructor(options: MainWindowOptions) {
    this.#options = options;
  }

  /** For dialogs that belong to it. */
  get visible(): DesktopWindow | undefined {
    return this.#window?.isVisible() === true ? this.#window : undefined;
  }

  /** Shows it, and puts it in front as far as the desktop lets an app do that. */
  show(): void {
    if (this.#window === undefined) this.#open();
    else this.#window.show();
  }

  close(): void {
    this.#save();
    this.#window?.destroy();
  }

  #open(): void {
    const { desktop, port, options } = this.#options;
    const window = desktop.openWindow(options());
    this.#window = window;
    port.attach(window);
    window.listen({
      onReady: () => this.#showFirst(window),
      onCloseWish: () => this.#onCloseWish(window),
      onClosed: () => this.#onClosed(window),
      onMoved: () => this.#saveSoon(),
      onVisibility: (now) => this.#options.visibility.set(now),
      onPageReplaced: () => port.replaced(window),
      onPageGone: (reason) => this.#onPageGone(window, reason),
      onSessionEnd: () => this.#options.onSessionEnd(),
    });
    window.load(PAGE_URL).catch(() => undefined);
  }

  #showFirst(window: DesktopWindow): void {
    if (this.#options.wasMaximized()) window.maximize();
    window.show();
  }

  #onCloseWish(window: DesktopWindow): void {
    this.#save();
    if (this.#options.onClose() === 'quit') return this.#options.onQuitWish();
    window.hide();
    this.#options.onHidden();
  }

  #onClosed(window: DesktopWindow): void {
    this.#cancelSave();
    this.#options.port.detach(window);
    if (this.#window !== window) return;
    this.#window = undefined;
    this.#options.visibility.set('hidden');
  }

  #onPageGone(window: DesktopWindow, reason: string): void {
    const { clock, onCrash, onGivenUp, port } = this.#options;
    const since = clock.now() - PAGE_CRASHES_MS;
    this.#crashes = [...this.#crashes.filter((at) => at > since), clock.now()];
    port.replaced(window);
    if (this.#crashes.length <= PAGE_CRASHES_MAX) {
      onCrash(reason);
      return window.reload();
    }
    this.#crashes = [];
    window.destroy();
    onGivenUp();
  }

  #saveSoon(): void {
    this.#cancelSave();
    this.#cancelSave = this.#options.clock.after(WINDOW_SAVE_MS, () => this.#save());
  }

  #save(): void {
    this.#cancelSave();
    if (this.#window === undefined) return;
    const { x, y, width, height } = this.#window.bounds();
    this.#options.save({ x, y, width, height, maximized: this.#window.isMaximized() });
  }
}
