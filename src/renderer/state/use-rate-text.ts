/** What flows through one thing now, as text; drawn again only when the text is another one. */
import { useCallback, useSyncExternalStore } from 'react';
import { formatRate } from './format.ts';
import type { RateKey } from './rate-book.ts';
import { useRates } from './use-page.ts';

export interface RateText {
  readonly down: string;
  readonly up: string;
}

/** Null while nothing flows. */
export function useRateText(rateKey: RateKey): RateText | null {
  const rates = useRates();
  const subscribe = useCallback(
    (listener: () => void) => rates.subscribe(rateKey, listener),
    [rates, rateKey],
  );
  const text = useSyncExternalStore(subscribe, () => {
    const { received, sent } = rates.of(rateKey)?.now() ?? { received: 0, sent: 0 };
    return received < 1 && sent < 1 ? '' : `${formatRate(received)}|${formatRate(sent)}`;
  });
  if (text === '') return null;
  const [down = '', up = ''] = text.split('|');
  return { down, up };
}
