/**
 * The tray: follows what there is, shows it as icon, tooltip and menu, and does what a person chooses.
 *
 * Invariant: it works without a place among the tray icons, shows all it knows as soon as it has one,
 * and gives a place up that throws. The menu changes only when its data has, at most every TRAY_MENU_LEAST_MS, and the icon at most
 * every TRAY_ICON_LEAST_MS. What the systems do differently:
 *
 *   |         | the menu                                   | left click       | ports are looked for    |
 *   | ------- | ------------------------------------------ | ---------------- | ----------------------- |
 *   | Windows | popped up by us on right click, then made  | opens the window | when the pointer comes  |
 *   | macOS   | set; the system opens it                   | is the system's  | when the pointer comes  |
 *   | Linux   | set again after each change; panel opens it| opens the window | every TRAY_LISTENING_MS |
 *
 * A click that arrives on Linux is one for which the panel did not open the menu itself, and no call
 * of Electron opens it there.
 */
import type { PortholeApi } from '../../shared/calls/api.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import type { StatusView } from '../../shared/contract.ts';
import { toPortholeError } from '../../shared/errors.ts';
import { TRAY_FRAME_MS, TRAY_ICON_LEAST_MS, TRAY_MENU_LEAST_MS } from '../../shared/limits.ts';
import type { Language } from '../../shared/messages/language.ts';
import type { PairingWatch } from '../notices/pairing-watch.ts';
import type { StatusFeed } from '../status-feed.ts';
import { ListeningPorts } from './listening-ports.ts';
import { trayMenu } from './menu.ts';
import type { MenuAction, MenuItem, Platform } from './menu-item.ts';
import { SteadyRoundTrips } from './steady-round-trips.ts';
import { Throttle } from './throttle.ts';
import { TrayActions } from './tray-actions.ts';
import type { TrayDelegate } from './tray-actions.ts';
import type { IconPath, OpenTrayHost, TrayHost, TrayListener, TrayPicture } from './tray-host.ts';
import { tooltipOf, TrayStateTracker } from './tray-state.ts';

/** What the shell knows, and the tray depends on. */
export interface TrayFacts {
  readonly language: Language;
  readonly platform: Platform;
  /** Whether this build can update itself. */
  readonly updates: 'built-in' | 'none';
  /** Of what the icon lies on; macOS takes care of that itself. */
  readonly background: 'light' | 'dark';
  readonly motion: 'full' | 'reduced';
}

export interface TrayControllerOptions {
  readonly api: PortholeApi;
  readonly clock: Clock;
  readonly feed: StatusFeed;
  readonly pairing: PairingWatch;
  readonly iconPath: IconPath;
  readonly facts: TrayFacts;
  readonly delegate: TrayDelegate;
}

/** Two frames, TRAY_FRAME_MS each. */
const FRAMES: readonly TrayPicture[] = ['connecting-1', 'connecting-2'];

export class TrayController {
  readonly #options: TrayControllerOptions;
  readonly #actions: TrayActions;
  readonly #state: TrayStateTracker;
  readonly #listening: ListeningPorts;
  readonly #menu: Throttle;
  readonly #icon: Throttle;
  readonly #roundTrips = new SteadyRoundTrips();
  readonly #unsubscribe: readonly (() => void)[];
  #facts: TrayFacts;
  #status: StatusView | null;
  #host: TrayHost | null = null;
  /** What the host shows now, to tell it only what is new. */
  #shown = { image: '', tooltip: '', menu: '' };
  #frame = 0;
  #cancelFrame: CancelTimer | null = null;
  /** Shares that there were, for others change what the listening ports say. */
  #shares = '';

  constructor(options: TrayControllerOptions) {
    const { api, clock, feed, pairing, delegate, facts } = options;
    this.#options = options;
    this.#facts = facts;
    this.#status = null;
    this.#actions = new TrayActions({ api, delegate });
    this.#state = new TrayStateTracker({ clock, onChange: () => this.#onLook() });
    this.#listening = new ListeningPorts({ api, clock, onChange: () => this.#menu.ask() });
    this.#menu = new Throttle({ clock, leastMs: TRAY_MENU_LEAST_MS, run: () => this.#showMenu() });
    this.#icon = new Throttle({ clock, leastMs: TRAY_ICON_LEAST_MS, run: () => this.#showIcon() });
    const onPairing = (): void => this.#state.onWaiting(pairing.waiting);
    this.#unsubscribe = [
      feed.subscribe((status) => this.#onStatus(status)),
      pairing.subscribe({ onRequest: onPairing, onOver: onPairing }),
    ];
    onPairing();
    this.#onStatus(feed.status);
  }

  /** Shows the tray in a new place, instead of the one it had. */
  attach(open: OpenTrayHost): void {
    this.detach();
    const image = this.#image();
    this.#shown = { image, tooltip: '', menu: '' };
    this.#guard(() => {
      this.#host = open(image, this.#listener());
    });
    this.#icon.ask();
    this.#menu.ask();
    this.#pollWhileUseful();
    this.#animate();
  }

  /** Takes the icon away; everything else goes on. */
  detach(): void {
    const host = this.#host;
    this.#host = null;
    this.#pollWhileUseful();
    this.#animate();
    this.#guard(() => host?.destroy());
  }

  /** Other facts: a language was chosen, the system became dark. */
  setFacts(change: Partial<TrayFacts>): void {
    this.#facts = { ...this.#facts, ...change };
    this.#icon.ask();
    this.#menu.ask();
    this.#animate();
  }

  close(): void {
    for (const stop of this.#unsubscribe) stop();
    this.detach();
    this.#state.close();
    this.#menu.close();
    this.#icon.close();
    this.#listening.close();
    this.#actions.close();
  }

  /** What a place throws must end neither the feed nor the app. */
  #guard(use: () => void): void {
    try {
      use();
    } catch (thrown) {
      if (this.#host !== null) this.detach();
      this.#options.delegate.onPlaceFailed(toPortholeError(thrown));
    }
  }

  #onStatus(status: StatusView | null): void {
    this.#status = status === null ? null : this.#roundTrips.steady(status);
    this.#state.onStatus(status);
    this.#menu.ask();
    this.#icon.ask();
    this.#pollWhileUseful();
    const shares = JSON.stringify(status?.shares.map(({ id, target }) => [id, target]) ?? []);
    if (shares !== this.#shares && this.#host !== null) this.#listening.look();
    this.#shares = shares;
  }

  #onLook(): void {
    this.#icon.ask();
    this.#menu.ask();
    this.#animate();
  }

  #pollWhileUseful(): void {
    const isUseful = this.#host !== null && this.#status !== null;
    if (isUseful && this.#facts.platform === 'linux') this.#listening.poll();
    else this.#listening.rest();
  }

  // ── Icon and tooltip ──────────────────────────────────────────────────────────────────────────

  #showIcon(): void {
    const host = this.#host;
    if (host === null) return;
    const before = this.#shown;
    const image = this.#image();
    const tooltip = tooltipOf(this.#state.look, this.#status, this.#facts.language);
    this.#shown = { ...before, image, tooltip };
    this.#guard(() => {
      if (image !== before.image) host.setImage(image);
      if (tooltip !== before.tooltip) host.setTooltip(tooltip);
    });
  }

  #image(): string {
    const { platform, background } = this.#facts;
    const { state } = this.#state.look;
    const picture = this.#isMoving() ? FRAMES[this.#frame % FRAMES.length] : state;
    const variant = platform === 'macos' ? 'template' : (`on-${background}` as const);
    return this.#options.iconPath(picture ?? state, variant);
  }

  #isMoving(): boolean {
    return this.#state.look.state === 'connecting' && this.#facts.motion === 'full';
  }

  #animate(): void {
    const isWanted = this.#host !== null && this.#isMoving();
    if (isWanted) this.#cancelFrame ??= this.#nextFrame();
    else {
      this.#cancelFrame?.();
      this.#cancelFrame = null;
      this.#frame = 0;
    }
  }

  #nextFrame(): CancelTimer {
    return this.#options.clock.after(TRAY_FRAME_MS, () => {
      this.#frame += 1;
      this.#cancelFrame = this.#nextFrame();
      this.#icon.ask();
    });
  }

  // ── Menu ──────────────────────────────────────────────────────────────────────────────────────

  #showMenu(): void {
    const host = this.#host;
    if (host === null || this.#facts.platform === 'windows') return;
    const items = this.#items();
    const menu = JSON.stringify(items);
    if (menu === this.#shown.menu) return;
    this.#shown = { ...this.#shown, menu };
    this.#guard(() => host.setMenu(items));
  }

  #items(): MenuItem[] {
    const { language, platform, updates } = this.#facts;
    return trayMenu({
      status: this.#status,
      listening: this.#listening.ports,
      problem: this.#state.look.problem,
      language,
      platform,
      updates,
    });
  }

  #listener(): TrayListener {
    const { platform } = this.#facts;
    return {
      onClick: () => {
        if (platform !== 'macos') this.#options.delegate.openWindow();
      },
      onRightClick: () => {
        this.#listening.lookIfOld();
        if (platform === 'windows') this.#guard(() => this.#host?.popUpMenu(this.#items()));
      },
      onHover: () => this.#listening.lookIfOld(),
      onAction: (action) => this.#run(action),
    };
  }

  #run(action: MenuAction): void {
    if (action.kind === 'reconnect') this.#state.onWish();
    void this.#runThenShow(action);
  }

  async #runThenShow(action: MenuAction): Promise<void> {
    await this.#actions.run(action);
    // A menu turns its check over by itself, whatever came of it.
    if (action.kind === 'pause-all' || action.kind === 'resume-all') this.#showMenuAgain();
  }

  #showMenuAgain(): void {
    this.#shown = { ...this.#shown, menu: '' };
    this.#menu.ask();
  }
}
