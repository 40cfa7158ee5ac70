/** What is on or off: a switch takes effect at once, a checkbox is part of a form or a list. */
import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox';
import { Switch as BaseSwitch } from '@base-ui/react/switch';
import { Check } from 'lucide-react';
import { useId } from 'react';
import type { ReactNode } from 'react';
import styles from './toggle.module.css';

export interface ToggleProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

export function Switch({ label, hint, checked, onChange, disabled }: ToggleProps): ReactNode {
  const id = useId();
  return (
    <div className={styles.line}>
      <label className={styles.label} id={`${id}-label`} htmlFor={id}>
        {label}
      </label>
      <BaseSwitch.Root
        id={id}
        className={styles.switch}
        checked={checked}
        disabled={disabled ?? false}
        onCheckedChange={onChange}
        aria-labelledby={`${id}-label`}
        {...describedBy(hint, id)}
      >
        <BaseSwitch.Thumb className={styles.thumb} />
      </BaseSwitch.Root>
      <Hint id={id}>{hint}</Hint>
    </div>
  );
}

export function Checkbox({ label, hint, checked, onChange, disabled }: ToggleProps): ReactNode {
  const id = useId();
  return (
    <div className={styles.checkLine}>
      <BaseCheckbox.Root
        id={id}
        className={styles.box}
        checked={checked}
        disabled={disabled ?? false}
        onCheckedChange={onChange}
        aria-labelledby={`${id}-label`}
        {...describedBy(hint, id)}
      >
        <BaseCheckbox.Indicator>
          <Check aria-hidden="true" />
        </BaseCheckbox.Indicator>
      </BaseCheckbox.Root>
      <label className={styles.label} id={`${id}-label`} htmlFor={id}>
        {label}
      </label>
      <Hint id={id}>{hint}</Hint>
    </div>
  );
}

function describedBy(hint: ReactNode, id: string): { 'aria-describedby'?: string } {
  return hint === undefined ? {} : { 'aria-describedby': `${id}-hint` };
}

function Hint({ id, children }: { readonly id: string; readonly children: ReactNode }): ReactNode {
  if (children === undefined) return null;
  return (
    <span className={styles.hint} id={`${id}-hint`}>
      {children}
    </span>
  );
}
