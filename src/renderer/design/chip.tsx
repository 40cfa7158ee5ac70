/** A state: a word and a shape, and a colour for those who see it. */
import type { ReactNode } from 'react';
import styles from './chip.module.css';
import { cx } from './cx.ts';
import { PortholeRing } from './porthole-ring.tsx';
import type { RingShape } from './porthole-ring.tsx';

export type Mood = 'good' | 'wait' | 'bad' | 'rest';

export function Chip({
  mood,
  shape,
  children,
}: {
  readonly mood: Mood;
  readonly shape: RingShape;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <span className={cx(styles.chip, styles[mood])}>
      <PortholeRing shape={shape} />
      {children}
    </span>
  );
}
