/** A section of the settings: its name, and what belongs together, one under the other. */
import type { ReactNode } from 'react';
import { Section } from '../../design/section.tsx';
import styles from './settings.module.css';

export interface CardProps {
  readonly title: string;
  readonly children: ReactNode;
}

export function Card({ title, children }: CardProps): ReactNode {
  return (
    <Section title={title}>
      <div className={styles.card}>{children}</div>
    </Section>
  );
}

export interface FactProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly children: ReactNode;
}

/** Something that is so, and not chosen. */
export function Fact({ label, hint, children }: FactProps): ReactNode {
  return (
    <div className={styles.fact}>
      <h3>{label}</h3>
      <div className={styles.factBody}>{children}</div>
      {hint !== undefined && <p className={styles.hint}>{hint}</p>}
    </div>
  );
}
