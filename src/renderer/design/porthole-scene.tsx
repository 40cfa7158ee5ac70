/** The sea through a porthole: the picture of Porthole. It says nothing that a text does not. */
import { useId } from 'react';
import type { ReactNode } from 'react';
import styles from './porthole-scene.module.css';

export function PortholeScene({
  className,
}: {
  readonly className?: string | undefined;
}): ReactNode {
  const glass = useId();
  return (
    <svg viewBox="0 0 96 96" className={className} aria-hidden="true">
      <clipPath id={glass}>
        <circle cx="48" cy="48" r="35" />
      </clipPath>
      <g clipPath={`url(#${glass})`}>
        <rect width="96" height="96" className={styles.sky} />
        <circle cx="61" cy="37" r="6.5" className={styles.sun} />
        <path className={styles.far} d="M0 53c9-5 16-5 24 0s16 5 24 0 16-5 24 0 16 5 24 0v43H0z" />
        <path
          className={styles.near}
          d="M-12 62c9-6 17-6 26 0s17 6 26 0 17-6 26 0 17 6 26 0 17-6 26 0v40H-12z"
        />
      </g>
      <circle cx="48" cy="48" r="40" className={styles.rim} strokeWidth="10" />
      <circle cx="48" cy="48" r="34" className={styles.seal} strokeWidth="1.5" />
      {BOLTS.map(([x, y]) => (
        <circle key={`${x} ${y}`} cx={x} cy={y} r="1.6" className={styles.bolt} />
      ))}
    </svg>
  );
}

/** On the rim, every 45°. */
const BOLTS = [
  [48, 8],
  [76.3, 19.7],
  [88, 48],
  [76.3, 76.3],
  [48, 88],
  [19.7, 76.3],
  [8, 48],
  [19.7, 19.7],
] as const;
