/** Keeps a feed of the contract open, over lost connections. */
import type { CallEvent, CallName } from '../../shared/contract.ts';
import { PAGE_FEED_RETRY_MS } from '../../shared/page-limits.ts';
import type { Bridge } from '../bridge/bridge.ts';

export type FeedName = 'watch' | 'metrics' | 'activity' | 'shell' | 'wishes';

export interface FeedOptions<Name extends FeedName> {
  readonly bridge: Bridge;
  readonly name: Name;
  readonly onEvent: (event: CallEvent<Name>) => void;
  /** It starts again from its beginning. */
  readonly onRestart?: () => void;
}

/** Returns how to stop. The next event is asked for when the page has drawn the last one. */
export function followFeed<Name extends FeedName>(options: FeedOptions<Name>): () => void {
  const wish = new AbortController();
  void keepFollowing(options, wish.signal);
  return () => wish.abort();
}

async function keepFollowing<Name extends FeedName>(
  { bridge, name, onEvent, onRestart }: FeedOptions<Name>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await untilReady(bridge, signal);
    if (signal.aborted) return;
    onRestart?.();
    const talk = { signal, emit: onEvent, nextInput: nextFrame };
    // A feed ends only by failing; when the connection is why, the next round waits for it.
    await bridge.api.call<CallName>(name, {}, talk as never).catch(() => {});
    if (signal.aborted) return;
    await pause(signal);
  }
}

/** A hidden page draws no frames, and still has to go on. */
async function nextFrame(): Promise<'more'> {
  if (document.visibilityState === 'visible') {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  return 'more';
}

function untilReady(bridge: Bridge, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (bridge.connection.get().kind !== 'ready' && !signal.aborted) return;
      stop();
      resolve();
    };
    const stop = bridge.connection.subscribe(look);
    signal.addEventListener('abort', look, { once: true });
    look();
  });
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PAGE_FEED_RETRY_MS);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
