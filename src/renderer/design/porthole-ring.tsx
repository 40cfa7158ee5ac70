/**
 * The sign of a state, as the tray icon has it: a porthole whose shape differs, never only its
 * colour. It is drawn in the colour of the text around it, and hidden from screen readers: a text is
 * always next to it.
 */
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './porthole-ring.module.css';

export type RingShape = 'filled' | 'thin' | 'gap' | 'slash' | 'alert' | 'dot';

export function PortholeRing({
  shape,
  className,
}: {
  readonly shape: RingShape;
  readonly className?: string | undefined;
}): ReactNode {
  return (
    <svg viewBox="0 0 16 16" className={cx(styles.ring, className)} aria-hidden="true" fill="none">
      {SHAPES[shape]}
    </svg>
  );
}

const stroke = { stroke: 'currentColor', strokeLinecap: 'round' } as const;

const SHAPES: Readonly<Record<RingShape, ReactNode>> = {
  filled: (
    <>
      <circle cx="8" cy="8" r="6.25" {...stroke} strokeWidth="1.75" />
      <circle cx="8" cy="8" r="3.5" fill="currentColor" />
    </>
  ),
  thin: <circle cx="8" cy="8" r="6.25" {...stroke} strokeWidth="1.25" />,
  gap: (
    <circle
      cx="8"
      cy="8"
      r="6.25"
      {...stroke}
      strokeWidth="1.75"
      strokeDasharray="29 10.3"
      className={styles.turning}
    />
  ),
  slash: (
    <>
      <circle cx="8" cy="8" r="6.25" {...stroke} strokeWidth="1.75" />
      <path d="M4.2 11.8 11.8 4.2" {...stroke} strokeWidth="1.75" />
    </>
  ),
  alert: (
    <>
      <circle cx="8" cy="8" r="6.25" {...stroke} strokeWidth="1.75" />
      <path d="M8 4.8v3.7" {...stroke} strokeWidth="1.75" />
      <circle cx="8" cy="11" r="1" fill="currentColor" />
    </>
  ),
  dot: (
    <>
      <circle cx="8" cy="8" r="6.25" {...stroke} strokeWidth="1.75" />
      <circle cx="8" cy="8" r="1.75" fill="currentColor" />
    </>
  ),
};
