/** A field that narrows a list down; Ctrl/Cmd+F goes there, Escape empties it. */
import { Search } from 'lucide-react';
import type { ReactNode } from 'react';
import { COMMON } from '../../shared/messages/common.ts';
import { Button } from '../design/button.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { TextInput } from '../design/field.tsx';
import { useWords } from '../state/words.ts';
import styles from './filter-box.module.css';

export interface FilterBoxProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function FilterBox({ label, value, onChange }: FilterBoxProps): ReactNode {
  const { say } = useWords(COMMON);
  return (
    <div className={styles.box} role="search">
      <Search aria-hidden="true" />
      <TextInput
        type="search"
        data-filter=""
        aria-label={label}
        placeholder={say('filter')}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && onChange('')}
      />
    </div>
  );
}

/** What stands where the filter leaves nothing. */
export function NothingMatches({
  filter,
  onClear,
}: {
  readonly filter: string;
  readonly onClear: () => void;
}): ReactNode {
  const { say, show } = useWords(COMMON);
  return (
    <EmptyState
      title={show('nothingMatches', { filter: filter.trim() })}
      action={<Button onClick={onClear}>{say('clearFilter')}</Button>}
    />
  );
}

/** Whether one of the texts has the filter in it; letters are the same large and small. */
export function matches(filter: string, ...texts: readonly string[]): boolean {
  const wanted = filter.trim().toLowerCase();
  return wanted === '' || texts.some((text) => text.toLowerCase().includes(wanted));
}
