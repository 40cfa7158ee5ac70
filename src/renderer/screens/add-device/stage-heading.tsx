/** The heading of what has taken the place of something else: it gets the focus, so it is read out. */
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import styles from './add-device.module.css';

export function StageHeading({ children }: { readonly children: ReactNode }): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <h3 ref={heading} tabIndex={-1} className={styles.heading}>
      {children}
    </h3>
  );
}
