/** How long the code that is shown is still good. */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { useLanguage, useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { countdownOf, minutesAndSeconds, untilNextSecond } from './countdown.ts';
import { clockTime } from './clock-time.ts';

export function CodeLife({ expiresAt }: { readonly expiresAt: string }): ReactNode {
  const { show } = useWords(PAIRING);
  const language = useLanguage();
  const countdown = useCountdown(expiresAt);
  if (countdown.kind === 'over') {
    return <p>{show('expiredNow', { time: clockTime(expiresAt, language) })}</p>;
  }
  // A timer is not read out every second; its text is there for whoever asks.
  const time = <span className={styles.time}>{minutesAndSeconds(countdown.seconds)}</span>;
  return <p role="timer">{show('expiresIn', { time })}</p>;
}

function useCountdown(expiresAt: string): ReturnType<typeof countdownOf> {
  const [nowMs, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setTimeout(() => setNow(Date.now()), untilNextSecond(expiresAt, nowMs));
    return () => clearTimeout(timer);
  }, [expiresAt, nowMs]);
  return countdownOf(expiresAt, nowMs);
}
