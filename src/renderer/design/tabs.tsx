/** A few views of one place, one at a time. */
import { Tabs as BaseTabs } from '@base-ui/react/tabs';
import type { ReactNode } from 'react';
import styles from './tabs.module.css';

interface Tab<Value extends string> {
  readonly value: Value;
  readonly label: ReactNode;
  readonly content: ReactNode;
}

export interface TabsProps<Value extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<NoInfer<Value>>[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

export function Tabs<Value extends string>(props: TabsProps<Value>): ReactNode {
  return (
    <BaseTabs.Root value={props.value} onValueChange={(value) => props.onChange(value)}>
      <BaseTabs.List className={styles.list} aria-label={props.label} activateOnFocus>
        {props.tabs.map(({ value, label }) => (
          <BaseTabs.Tab key={value} value={value} className={styles.tab}>
            {label}
          </BaseTabs.Tab>
        ))}
      </BaseTabs.List>
      {props.tabs.map(({ value, content }) => (
        <BaseTabs.Panel key={value} value={value} className={styles.panel}>
          {content}
        </BaseTabs.Panel>
      ))}
    </BaseTabs.Root>
  );
}
