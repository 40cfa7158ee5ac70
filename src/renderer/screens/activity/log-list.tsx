/** The lines of the log. Only those in sight are in the document, so five thousand scroll smoothly. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { CircleX, Info, TriangleAlert } from 'lucide-react';
import { memo, useEffect, useRef } from 'react';
import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { ACTIVITY } from '../../../shared/messages/activity.ts';
import { cx } from '../../design/cx.ts';
import type { NumberedEntry } from '../../state/activity-log.ts';
import { useLanguage, useWords } from '../../state/words.ts';
import styles from './activity.module.css';
import { timeOf, wholeTimeOf } from './entry-time.ts';

export interface LogListProps {
  readonly entries: readonly NumberedEntry[];
  readonly isFollowing: boolean;
  /** The person scrolls back. */
  readonly onScrollBack: () => void;
}

/** Height of a line that is not wrapped, pixels at 100 %; others are measured. */
const LINE_PX = 32;

export function LogList({ entries, isFollowing, onScrollBack }: LogListProps): ReactNode {
  const { say } = useWords(ACTIVITY);
  const scroller = useRef<HTMLDivElement>(null);
  // The compiler of React, which could not keep what this returns, is not used.
  // oxlint-disable-next-line react/incompatible-library
  const lines = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    getItemKey: (index) => entries[index]?.number ?? index,
    overscan: 6,
  });
  useEffect(() => {
    if (isFollowing && entries.length > 0)
      lines.scrollToIndex(entries.length - 1, { align: 'end' });
  }, [isFollowing, entries, lines]);
  return (
    // A log is scrolled with the keyboard, too.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={scroller}
      className={styles.scroller}
      role="log"
      aria-live="off"
      aria-label={say('log')}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onWheel={(event) => event.deltaY < 0 && onScrollBack()}
      onKeyDown={(event) => isBack(event) && onScrollBack()}
      onPointerDown={(event) => isOnScrollbar(event) && onScrollBack()}
    >
      <div className={styles.lines} style={{ height: lines.getTotalSize() }}>
        {lines.getVirtualItems().map((item) => (
          <div
            key={item.key}
            ref={lines.measureElement}
            data-index={item.index}
            className={styles.line}
            style={{ transform: `translateY(${item.start}px)` }}
          >
            <Entry entry={entries[item.index]} />
          </div>
        ))}
      </div>
    </div>
  );
}

function isBack({ key }: KeyboardEvent): boolean {
  return key === 'ArrowUp' || key === 'PageUp' || key === 'Home';
}

function isOnScrollbar({ nativeEvent, currentTarget }: PointerEvent<HTMLElement>): boolean {
  return nativeEvent.target === currentTarget && nativeEvent.offsetX > currentTarget.clientWidth;
}

const ICONS = { info: Info, warn: TriangleAlert, error: CircleX };

interface EntryProps {
  readonly entry: NumberedEntry | undefined;
}

const Entry = memo(function Entry({ entry }: EntryProps): ReactNode {
  const { say } = useWords(ACTIVITY);
  const language = useLanguage();
  if (entry === undefined) return null;
  const Icon = ICONS[entry.level];
  return (
    <>
      <time className={styles.time} dateTime={entry.at} title={wholeTimeOf(entry.at, language)}>
        {timeOf(entry.at, language)}
      </time>
      <span className={cx(styles.level, styles[entry.level])}>
        <Icon aria-hidden="true" />
        {say(entry.level)}
      </span>
      <bdi className={styles.text}>{entry.text}</bdi>
    </>
  );
});
