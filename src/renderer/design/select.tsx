/** One of a few choices. */
import { Select as BaseSelect } from '@base-ui/react/select';
import { Check, ChevronsUpDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { useFieldIds } from './field.tsx';
import { popupRoot } from './popup-root.ts';
import styles from './select.module.css';

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

export interface SelectProps<Value extends string> {
  readonly choices: readonly Choice<Value>[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  /** Needed outside of a Field. */
  readonly 'aria-label'?: string;
}

export function Select<Value extends string>({
  choices,
  value,
  onChange,
  ...rest
}: SelectProps<Value>): ReactNode {
  const ids = useFieldIds();
  return (
    <BaseSelect.Root
      items={choices}
      value={value}
      onValueChange={(next) => next !== null && onChange(next)}
      modal={false}
    >
      <BaseSelect.Trigger
        {...ids}
        {...(ids.id === undefined ? {} : { 'aria-labelledby': `${ids.id}-label` })}
        {...rest}
        className={styles.trigger}
      >
        <BaseSelect.Value />
        <ChevronsUpDown aria-hidden="true" />
      </BaseSelect.Trigger>
      <BaseSelect.Portal container={popupRoot}>
        <BaseSelect.Positioner
          className={styles.positioner}
          sideOffset={4}
          alignItemWithTrigger={false}
        >
          <BaseSelect.Popup className={styles.popup}>
            {choices.map((choice) => (
              <BaseSelect.Item key={choice.value} value={choice.value} className={styles.item}>
                <BaseSelect.ItemIndicator>
                  <Check aria-hidden="true" />
                </BaseSelect.ItemIndicator>
                <BaseSelect.ItemText className={styles.text}>{choice.label}</BaseSelect.ItemText>
              </BaseSelect.Item>
            ))}
          </BaseSelect.Popup>
        </BaseSelect.Positioner>
      </BaseSelect.Portal>
    </BaseSelect.Root>
  );
}
