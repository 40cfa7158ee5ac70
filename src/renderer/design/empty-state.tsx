/** What stands where there is nothing yet: why, and what to do. */
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './empty-state.module.css';
import { PortholeScene } from './porthole-scene.tsx';

export interface EmptyStateProps {
  readonly title: ReactNode;
  readonly body?: ReactNode;
  readonly action?: ReactNode;
  /** @default 'none' */
  readonly picture?: 'sea' | 'none';
}

export function EmptyState({ title, body, action, picture = 'none' }: EmptyStateProps): ReactNode {
  return (
    <div className={cx(styles.empty, picture === 'none' && styles.small)}>
      {picture === 'sea' && <PortholeScene className={styles.picture} />}
      <p className={styles.title}>
        <strong>{title}</strong>
      </p>
      {body !== undefined && <p className={styles.body}>{body}</p>}
      {action !== undefined && <div className={styles.action}>{action}</div>}
    </div>
  );
}
