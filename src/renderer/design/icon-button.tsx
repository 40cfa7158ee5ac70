/** A button with an icon; its name is its tooltip too (tooltip-layer.tsx). */
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { cx } from './cx.ts';
import styles from './icon-button.module.css';

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'> {
  /** What it does, for everybody who hears it: with the name of what it does it to. */
  readonly label: string;
  /** What the tooltip says. @default label */
  readonly tip?: string;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function IconButton({
  label,
  tip,
  className,
  children,
  ...rest
}: IconButtonProps): ReactNode {
  return (
    <button
      type="button"
      aria-label={label}
      data-tip={tip ?? label}
      className={cx(styles.button, className)}
      {...rest}
    >
      {children}
    </button>
  );
}
