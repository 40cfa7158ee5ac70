/**
 * Notifications: follows what there is and which pairings wait, and shows what the policy decides.
 *
 * Invariant: one timer at most, and none while nothing is on its way.
 */
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import type { StatusView } from '../../shared/contract.ts';
import type { Language } from '../../shared/messages/language.ts';
import type { Preferences, Wish } from '../../shared/shell-calls.ts';
import type { StatusFeed } from '../status-feed.ts';
import { NoticePolicy } from './notice-policy.ts';
import type { Attention, News, NoticeStep } from './notice-policy.ts';
import { noticeText } from './notice-text.ts';
import type { Notifier } from './notifier.ts';
import type { PairingWatch } from './pairing-watch.ts';

/** What the app does for its notifications. */
interface NoticeDelegate {
  openWindow(): void;
  /** Opens the window, and has its page show something. */
  show(wish: Wish): void;
  /** Whether the window has the focus now. */
  attention(): Attention;
}

export interface NoticeControllerOptions {
  readonly clock: Clock;
  readonly feed: StatusFeed;
  readonly pairing: PairingWatch;
  readonly notifier: Notifier;
  readonly delegate: NoticeDelegate;
  readonly language: Language;
  readonly wanted: Preferences['notifications'];
}

export class NoticeController {
  readonly #options: NoticeControllerOptions;
  readonly #policy: NoticePolicy;
  readonly #unsubscribe: readonly (() => void)[];
  readonly #open = new Set<string>();
  #language: Language;
  #cancelTimer: CancelTimer = () => {};

  constructor(options: NoticeControllerOptions) {
    const { clock, feed, pairing, delegate, language, wanted } = options;
    this.#options = options;
    this.#language = language;
    this.#policy = new NoticePolicy(wanted);
    this.#unsubscribe = [
      feed.subscribe((status) => this.#onStatus(status)),
      pairing.subscribe({
        onRequest: (request) =>
          this.#do(this.#policy.onRequest(request, delegate.attention(), clock.now())),
        onOver: (request) => this.#do(this.#policy.onOver(request)),
      }),
    ];
    this.#onStatus(feed.status);
  }

  setLanguage(language: Language): void {
    this.#language = language;
  }

  /** From now on; what is shown stays. */
  setWanted(wanted: Preferences['notifications']): void {
    this.#policy.setWanted(wanted);
  }

  /** This computer woke up. */
  onWoke(): void {
    this.#policy.onWoke(this.#options.clock.now());
    this.#look();
  }

  /** Notifications that are open are taken away: a click on them would lead nowhere. */
  close(): void {
    for (const stop of this.#unsubscribe) stop();
    this.#cancelTimer();
    for (const id of this.#open) this.#options.notifier.close(id);
    this.#open.clear();
  }

  #onStatus(status: StatusView | null): void {
    if (status === null) return;
    this.#do(this.#policy.onStatus(status, this.#options.clock.now()));
  }

  #look(): void {
    this.#do(this.#policy.onTime(this.#options.clock.now()));
  }

  #do(steps: readonly NoticeStep[]): void {
    for (const step of steps) {
      if (step.kind === 'close') this.#close(step.id);
      else this.#show(step);
    }
    const { clock } = this.#options;
    const at = this.#policy.nextAt(clock.now());
    this.#cancelTimer();
    this.#cancelTimer = at === null ? () => {} : clock.after(at - clock.now(), () => this.#look());
  }

  #close(id: string): void {
    if (this.#open.delete(id)) this.#options.notifier.close(id);
  }

  #show(step: Extract<NoticeStep, { kind: 'show' }>): void {
    const { title, body } = noticeText(step, this.#language);
    this.#open.add(step.id);
    const onClick = (): void => this.#onClick(step.news, step.peer);
    this.#options.notifier.show({ id: step.id, title, body, onClick });
  }

  #onClick(news: News, peer: string): void {
    const { delegate } = this.#options;
    switch (news.kind) {
      case 'request':
        return delegate.openWindow();
      case 'shares':
        return delegate.show({ kind: 'page', page: 'ports' });
      case 'paired':
      case 'lost':
      case 'back':
      case 'other-key':
        return delegate.show({ kind: 'device', peer });
    }
  }
}
