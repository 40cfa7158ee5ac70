/**
 * All that the page knows, kept up to date by the feeds.
 *
 * Invariant: rates come only while the page is visible; what has not changed stays the same object.
 */
import type { StatusView } from '../../shared/contract.ts';
import type { ShellView, Wish } from '../../shared/shell-calls.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { NO_ACTIVITY, withBatch } from './activity-log.ts';
import type { ActivityLog } from './activity-log.ts';
import { followFeed } from './follow-feed.ts';
import { RateBook } from './rate-book.ts';
import { reuse } from './reuse.ts';
import { Store } from './store.ts';
import { Toasts } from './toasts.ts';

export class PageState {
  readonly bridge: Bridge;
  /** Null until the first answer. */
  readonly status = new Store<StatusView | null>(null);
  readonly shell = new Store<ShellView | null>(null);
  readonly activity = new Store<ActivityLog>(NO_ACTIVITY);
  readonly rates = new RateBook();
  readonly toasts = new Toasts();

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  /** Follows all feeds; returns how to stop. */
  start(onWish: (wish: Wish) => void): () => void {
    const { bridge } = this;
    const stops = [
      followFeed({ bridge, name: 'watch', onEvent: (next) => update(this.status, next) }),
      followFeed({ bridge, name: 'shell', onEvent: (next) => update(this.shell, next) }),
      followFeed({ bridge, name: 'wishes', onEvent: onWish }),
      followFeed({
        bridge,
        name: 'activity',
        // What happened lately comes again.
        onRestart: () => this.activity.set(NO_ACTIVITY),
        onEvent: (batch) => this.activity.set(withBatch(this.activity.get(), batch)),
      }),
      this.#followRates(),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  #followRates(): () => void {
    let stop: (() => void) | undefined;
    const follow = (): void => {
      stop?.();
      stop = undefined;
      if (document.visibilityState !== 'visible') return;
      const onEvent = this.rates.take.bind(this.rates);
      stop = followFeed({ bridge: this.bridge, name: 'metrics', onEvent });
    };
    document.addEventListener('visibilitychange', follow);
    follow();
    return () => {
      document.removeEventListener('visibilitychange', follow);
      stop?.();
    };
  }
}

function update<T>(store: Store<T | null>, next: T): void {
  store.set(reuse(store.get(), next));
}
