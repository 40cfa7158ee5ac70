/** A name from somebody else: one line, cut where it gets too long, and it turns nothing around it. */
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './name.module.css';

/** A title longer than this is no help, and some systems show it over the whole screen. */
const TITLE_CHARS_MAX = 200;

export function Name({
  children,
  className,
}: {
  readonly children: string;
  readonly className?: string | undefined;
}): ReactNode {
  return (
    <bdi className={cx(styles.name, className)} title={children.slice(0, TITLE_CHARS_MAX)}>
      {children}
    </bdi>
  );
}
