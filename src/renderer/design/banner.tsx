/** A state that concerns a whole screen: what happened, what still works, what to do. */
import type { ReactNode } from 'react';
import styles from './banner.module.css';
import type { Mood } from './chip.tsx';
import { cx } from './cx.ts';
import { PortholeRing } from './porthole-ring.tsx';
import type { RingShape } from './porthole-ring.tsx';

export interface BannerProps {
  readonly mood: Mood;
  readonly title: ReactNode;
  readonly body?: ReactNode;
  /** Buttons, small and quiet. */
  readonly actions?: ReactNode;
}

const SHAPES: Readonly<Record<Mood, RingShape>> = {
  good: 'filled',
  wait: 'alert',
  bad: 'alert',
  rest: 'slash',
};

export function Banner({ mood, title, body, actions }: BannerProps): ReactNode {
  return (
    <div className={cx(styles.banner, styles[mood])}>
      <div className={styles.text}>
        <PortholeRing shape={SHAPES[mood]} />
        <p>
          <strong>{title}</strong> {body}
        </p>
      </div>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
