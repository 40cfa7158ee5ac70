/** A device behind its porthole: the first letter of its name. Decoration: its name is next to it. */
import type { ReactNode } from 'react';
import styles from './avatar.module.css';
import type { Mood } from './chip.tsx';
import { cx } from './cx.ts';

export interface AvatarProps {
  readonly name: string;
  readonly mood: Mood;
  /** @default 'normal' */
  readonly size?: 'normal' | 'large';
  /** Instead of the letter. */
  readonly icon?: ReactNode;
}

export function Avatar({ name, mood, size = 'normal', icon }: AvatarProps): ReactNode {
  return (
    <span
      className={cx(styles.avatar, styles[mood], size === 'large' && styles.large)}
      aria-hidden="true"
    >
      {icon ?? initialOf(name)}
    </span>
  );
}

/** A letter or a digit, never half a character. */
function initialOf(name: string): string {
  return (/[\p{L}\p{N}]/u.exec(name)?.[0] ?? '?').toLocaleUpperCase();
}
