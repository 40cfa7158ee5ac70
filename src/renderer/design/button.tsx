/** A button with a text. */
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import styles from './button.module.css';
import { cx } from './cx.ts';

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'> {
  /** `primary`: the one thing to do here. `danger`: it takes something away. @default 'plain' */
  readonly look?: 'primary' | 'plain' | 'quiet' | 'danger';
  /** @default 'normal' */
  readonly size?: 'normal' | 'small' | 'wide';
  /** @default 'button' */
  readonly type?: 'button' | 'submit';
  readonly icon?: ReactNode;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function Button({
  look = 'plain',
  size = 'normal',
  type = 'button',
  icon,
  className,
  children,
  ...rest
}: ButtonProps): ReactNode {
  const sizeClass = size === 'normal' ? undefined : styles[size];
  return (
    <button
      type={type === 'submit' ? 'submit' : 'button'}
      className={cx(styles.button, styles[look], sizeClass, className)}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}
