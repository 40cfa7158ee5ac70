/** Ports that apps of this computer listen on, looked for again and again while the page is visible. */
import { useCallback, useEffect, useState } from 'react';
import type { ListeningPort } from '../../shared/contract.ts';
import { LISTENING_POLL_MS } from '../../shared/page-limits.ts';
import { reuse } from './reuse.ts';
import { useAsk, useConnection } from './use-page.ts';

/** A page-wide wish to look again: F5. */
export const RESCAN_EVENT = 'porthole-rescan';

export interface Listening {
  /** Null until they were looked for. */
  readonly ports: readonly ListeningPort[] | null;
  readonly rescan: () => void;
}

export function useListening(): Listening {
  const ask = useAsk();
  const [ports, setPorts] = useState<readonly ListeningPort[] | null>(null);
  const isReady = useConnection().kind === 'ready';
  const rescan = useCallback(async () => {
    const outcome = await ask('listening', {});
    // A look that failed says nothing; the next one comes soon.
    if (outcome.ok) setPorts((old) => reuse(old, outcome.value.ports));
    else setPorts((old) => old ?? []);
  }, [ask]);
  useEffect(() => {
    if (!isReady) return undefined;
    const look = (): void => {
      if (document.visibilityState === 'visible') void rescan();
    };
    look();
    const timer = setInterval(look, LISTENING_POLL_MS);
    for (const name of ['visibilitychange', RESCAN_EVENT]) document.addEventListener(name, look);
    return () => {
      clearInterval(timer);
      for (const name of ['visibilitychange', RESCAN_EVENT]) {
        document.removeEventListener(name, look);
      }
    };
  }, [rescan, isReady]);
  return { ports, rescan: () => void rescan() };
}
