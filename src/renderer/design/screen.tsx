/** One of the pages of the window: its title, what can be done, and what there is, which scrolls. */
import type { ReactNode } from 'react';
import styles from './screen.module.css';

export interface ScreenProps {
  readonly title: ReactNode;
  /** Before the title: a way back. */
  readonly before?: ReactNode;
  readonly actions?: ReactNode;
  /** `fill`: the content takes the whole height and scrolls by itself. @default 'scroll' */
  readonly body?: 'scroll' | 'fill';
  readonly children: ReactNode;
}

export function Screen({
  title,
  before,
  actions,
  body = 'scroll',
  children,
}: ScreenProps): ReactNode {
  return (
    <div className={styles.screen}>
      <header className={styles.head}>
        <div className={styles.titles}>
          {before}
          <h1 className={styles.title} tabIndex={-1}>
            {title}
          </h1>
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {body === 'fill' ? (
        <div className={styles.fill}>{children}</div>
      ) : (
        <div className={styles.scroll}>
          <div className={styles.content}>{children}</div>
        </div>
      )}
    </div>
  );
}
