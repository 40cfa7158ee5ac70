/** One of two or three choices, all of them in sight. */
import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import { useId } from 'react';
import type { ReactNode } from 'react';
import styles from './radio-cards.module.css';
import type { Choice } from './select.tsx';

export interface RadioCardsProps<Value extends string> {
  /** Id of what names the group. */
  readonly labelledBy: string;
  readonly choices: readonly Choice<Value>[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

export function RadioCards<Value extends string>(props: RadioCardsProps<Value>): ReactNode {
  const id = useId();
  return (
    <RadioGroup
      aria-labelledby={props.labelledBy}
      className={styles.group}
      value={props.value}
      onValueChange={(value) => props.onChange(value)}
    >
      {props.choices.map(({ value, label }) => (
        <div key={value} className={styles.option}>
          <Radio.Root
            id={`${id}-${value}`}
            value={value}
            className={styles.radio}
            aria-labelledby={`${id}-${value}-label`}
          >
            <Radio.Indicator className={styles.dot} />
          </Radio.Root>
          <label id={`${id}-${value}-label`} htmlFor={`${id}-${value}`}>
            {label}
          </label>
        </div>
      ))}
    </RadioGroup>
  );
}
