/** The number two people compare: `482 913`, read as "4 8 2, 9 1 3". */
import type { ReactNode } from 'react';
import styles from './digits.module.css';
import { Hidden } from './hidden.tsx';

export function Digits({ children }: { readonly children: string }): ReactNode {
  const groups = children.replaceAll(/\D/g, '').match(/\d{1,3}/g) ?? [];
  return (
    <span className={styles.digits}>
      <Hidden>{groups.map((group) => group.split('').join(' ')).join(', ')}</Hidden>
      {groups.map((group, index) => (
        <span key={`${index}-${group}`} aria-hidden="true">
          {group}
        </span>
      ))}
    </span>
  );
}
