/** The Activity page: what happened, and what happens now. */
import { ClipboardCopy, Download, Pause, Play } from 'lucide-react';
import { useDeferredValue, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { ACTIVITY } from '../../../shared/messages/activity.ts';
import { COMMON } from '../../../shared/messages/common.ts';
import { Button } from '../../design/button.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { TextInput } from '../../design/field.tsx';
import { Screen } from '../../design/screen.tsx';
import { Select } from '../../design/select.tsx';
import type { NumberedEntry } from '../../state/activity-log.ts';
import { useActivity, usePage } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { download } from '../download.ts';
import styles from './activity.module.css';
import { filtered, logAsText, logFileName, NO_FILTER } from './log-filter.ts';
import type { LogFilter } from './log-filter.ts';
import { LogList } from './log-list.tsx';
import { Throughput } from './throughput.tsx';
import { useDiagnostics } from './use-diagnostics.ts';
import { useFollowing } from './use-following.ts';
import type { Following } from './use-following.ts';

export function ActivityScreen(): ReactNode {
  const { say } = useWords(ACTIVITY);
  const [filter, setFilter] = useState(NO_FILTER);
  const following = useFollowing(useActivity());
  const { entries } = following.log;
  // Typing goes first; the list follows when there is time.
  const used = useDeferredValue(filter);
  const shown = useMemo(() => filtered(entries, used), [entries, used]);
  return (
    <Screen title={say('title')} body="fill" actions={<Actions shown={shown} />}>
      <div className={styles.activity}>
        <Throughput />
        <Toolbar filter={filter} onFilter={setFilter} following={following} />
        <div className={styles.frame}>
          {shown.length > 0 ? (
            <LogList
              entries={shown}
              isFollowing={!following.isPaused}
              onScrollBack={following.pause}
            />
          ) : (
            <Nothing filter={used} isEmpty={entries.length === 0} onClear={setFilter} />
          )}
        </div>
        <Foot following={following} shown={shown.length} />
      </div>
    </Screen>
  );
}

function Actions({ shown }: { readonly shown: readonly NumberedEntry[] }): ReactNode {
  const { say } = useWords(ACTIVITY);
  const { toasts } = usePage();
  const copyDiagnostics = useDiagnostics();
  const save = (): void => {
    const file = logFileName(new Date());
    download(file, new Blob([logAsText(shown)], { type: 'text/plain' }));
    toasts.add({ kind: 'done', text: say('exported', { file }), code: null });
  };
  return (
    <>
      <Button icon={<ClipboardCopy aria-hidden="true" />} onClick={() => void copyDiagnostics()}>
        {say('copyDiagnostics')}
      </Button>
      <Button icon={<Download aria-hidden="true" />} disabled={shown.length === 0} onClick={save}>
        {say('export')}
      </Button>
    </>
  );
}

interface ToolbarProps {
  readonly filter: LogFilter;
  readonly following: Following;
  readonly onFilter: (filter: LogFilter) => void;
}

function Toolbar({ filter, following, onFilter }: ToolbarProps): ReactNode {
  const { say } = useWords(ACTIVITY);
  const { isPaused, pause, resume } = following;
  return (
    <div className={styles.toolbar}>
      <TextInput
        type="search"
        data-filter=""
        className={styles.filter}
        aria-label={say('filter')}
        placeholder={say('filterPlaceholder')}
        value={filter.text}
        onChange={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
      />
      <div className={styles.levels}>
        <Select
          aria-label={say('level')}
          value={filter.level}
          onChange={(level) => onFilter({ ...filter, level })}
          choices={[
            { value: 'all', label: say('everyLevel') },
            { value: 'warn', label: say('warnings') },
            { value: 'error', label: say('errors') },
          ]}
        />
      </div>
      <Button
        icon={isPaused ? <Play aria-hidden="true" /> : <Pause aria-hidden="true" />}
        onClick={isPaused ? resume : pause}
      >
        {isPaused ? say('resume') : say('pause')}
      </Button>
    </div>
  );
}

interface NothingProps {
  readonly filter: LogFilter;
  readonly isEmpty: boolean;
  readonly onClear: (filter: LogFilter) => void;
}

function Nothing({ filter, isEmpty, onClear }: NothingProps): ReactNode {
  const { say } = useWords(ACTIVITY);
  const { say: sayCommon, show: showCommon } = useWords(COMMON);
  if (isEmpty) return <EmptyState title={say('empty')} picture="sea" />;
  const text = filter.text.trim();
  return (
    <EmptyState
      title={text === '' ? say('nothingOfLevel') : showCommon('nothingMatches', { filter: text })}
      action={<Button onClick={() => onClear(NO_FILTER)}>{sayCommon('clearFilter')}</Button>}
    />
  );
}

function Foot({
  following,
  shown,
}: {
  readonly following: Following;
  readonly shown: number;
}): ReactNode {
  const { say } = useWords(ACTIVITY);
  const { log, newer, resume } = following;
  const count = log.entries.length;
  return (
    <div className={styles.foot}>
      <p>{shown === count ? say('lines', { count }) : say('linesOf', { shown, count })}</p>
      {log.dropped > 0 && <p>{say('dropped', { count: log.dropped })}</p>}
      {newer > 0 && (
        <Button look="quiet" size="small" onClick={resume}>
          {say('pausedNew', { count: newer })}
        </Button>
      )}
    </div>
  );
}
