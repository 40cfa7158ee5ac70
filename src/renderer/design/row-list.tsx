/**
 * A list whose rows have controls. One row is in the tab order; Up, Down, Home and End go from row to
 * row, Left and Right from control to control (roving tabindex, ARIA practices).
 *
 * Invariant: as long as there is a row, one is in the tab order; when the row that has the focus goes,
 * another one gets it.
 */
import { useEffect, useRef } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './row-list.module.css';

export interface RowListProps {
  readonly label: string;
  readonly className?: string | undefined;
  /** `li` elements. */
  readonly children: ReactNode;
}

export function RowList({ label, className, children }: RowListProps): ReactNode {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => (list.current === null ? undefined : keepOneRowIn(list.current)), []);
  return (
    // The keys move the focus between the controls of its rows.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <ul
      ref={list}
      aria-label={label}
      className={cx(styles.list, className)}
      onKeyDown={onKeyDown}
      onFocus={(event) => enterRow(event.currentTarget, event.target)}
    >
      {children}
    </ul>
  );
}

const CONTROLS = 'button, a[href], input, summary';

function rowsOf(list: HTMLElement): HTMLElement[] {
  return [...list.children].filter((row) => row instanceof HTMLElement);
}

function controlsOf(row: HTMLElement | undefined): HTMLElement[] {
  return [...(row?.querySelectorAll<HTMLElement>(CONTROLS) ?? [])].filter(
    (control) => !control.matches(':disabled') && control.checkVisibility(),
  );
}

/** Rows come and go, and get other controls. */
function keepOneRowIn(list: HTMLElement): () => void {
  let focused: EventTarget | null = null;
  const onFocus = ({ target }: FocusEvent): void => {
    focused = target;
  };
  const tidy = (): void => {
    const current = currentRow(list);
    putInTabOrder(list, current);
    const isLost = focused instanceof Node && !focused.isConnected;
    if (!isLost || document.activeElement !== document.body) return;
    focused = null;
    controlsOf(current)[0]?.focus();
  };
  const observer = new MutationObserver(tidy);
  observer.observe(list, { childList: true, subtree: true });
  list.addEventListener('focusin', onFocus);
  tidy();
  return () => {
    observer.disconnect();
    list.removeEventListener('focusin', onFocus);
  };
}

function currentRow(list: HTMLElement): HTMLElement | undefined {
  const rows = rowsOf(list);
  return rows.find((row) => 'current' in row.dataset) ?? rows[0];
}

function putInTabOrder(list: HTMLElement, current: HTMLElement | undefined): void {
  for (const row of rowsOf(list)) {
    if (row === current) row.dataset['current'] = '';
    else delete row.dataset['current'];
    const tabIndex = row === current ? 0 : -1;
    for (const control of row.querySelectorAll<HTMLElement>(CONTROLS)) {
      if (control.tabIndex !== tabIndex) control.tabIndex = tabIndex;
    }
  }
}

function enterRow(list: HTMLElement, target: EventTarget): void {
  const row = rowsOf(list).find((each) => target instanceof Node && each.contains(target));
  if (row !== undefined && row !== currentRow(list)) putInTabOrder(list, row);
}

function onKeyDown(event: KeyboardEvent<HTMLUListElement>): void {
  const list = event.currentTarget;
  const { target } = event;
  // A popup that belongs to a row is elsewhere in the document, and bubbles through React only.
  if (!(target instanceof HTMLElement) || !list.contains(target)) return;
  const rows = rowsOf(list);
  const at = rows.findIndex((row) => row.contains(target));
  const controls = controlsOf(rows[at]);
  const column = controls.indexOf(target);
  const isBack = getComputedStyle(list).direction === 'rtl' ? -1 : 1;
  const goal: Record<string, () => HTMLElement | undefined> = {
    ArrowDown: () => inRow(rows[at + 1], column),
    ArrowUp: () => inRow(rows[at - 1], column),
    Home: () => inRow(rows[0], column),
    End: () => inRow(rows.at(-1), column),
    ArrowRight: () => controls[column + isBack],
    ArrowLeft: () => controls[column - isBack],
  };
  const next = goal[event.key]?.();
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function inRow(row: HTMLElement | undefined, column: number): HTMLElement | undefined {
  const controls = controlsOf(row);
  return controls[Math.min(column, controls.length - 1)];
}
