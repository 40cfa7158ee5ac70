/** The title of a step gets the focus when the step begins, so that it is read out. */
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import styles from './first-run.module.css';

export function StepTitle({ children }: { readonly children: ReactNode }): ReactNode {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <h1 ref={title} tabIndex={-1} className={styles.title}>
      {children}
    </h1>
  );
}
