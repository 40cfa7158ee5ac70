/** The mark of Porthole. */
import { useId } from 'react';
import type { ReactNode } from 'react';
import styles from './brand-mark.module.css';

export function BrandMark(): ReactNode {
  const glass = useId();
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <clipPath id={glass}>
        <circle cx="16" cy="16" r="10" />
      </clipPath>
      <circle cx="16" cy="16" r="15.5" className={styles.rim} />
      <g clipPath={`url(#${glass})`}>
        <rect width="32" height="32" className={styles.sky} />
        <path
          className={styles.sea}
          d="M4 18c2.3-2 4.5-2 6.7-.3 2.1 1.7 4.1 1.7 6.2 0 2.2-1.7 4.2-1.7 6.3 0 1.6 1.3 3.2 1.6 4.8.8V30H4z"
        />
      </g>
    </svg>
  );
}
