/**
 * One tooltip for the whole page: it says `data-tip` of what is pointed at or has the keyboard's
 * focus. Fifty rows have two hundred icon buttons; each with a tooltip of its own would be slow.
 *
 * Invariant: what it says is the accessible name of the button already, so it is hidden from screen
 * readers; Escape takes it away (WCAG 1.4.13).
 */
import { useEffect, useRef, useState } from 'react';
import type { ReactNode, RefObject } from 'react';
import styles from './tooltip-layer.module.css';

/** Before the first tooltip; a person who passes over a button wants none. */
const DELAY_MS = 450;
const GAP_PX = 6;

export function TooltipLayer(): ReactNode {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const tip = useRef<HTMLDivElement>(null);
  useEffect(() => watchAnchors(setAnchor), []);
  useEffect(() => place(tip, anchor), [anchor]);
  return (
    <div ref={tip} popover="manual" className={styles.tip} aria-hidden="true">
      {anchor?.dataset['tip'] ?? ''}
    </div>
  );
}

function watchAnchors(show: (anchor: HTMLElement | null) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wish = new AbortController();
  const hide = (): void => {
    clearTimeout(timer);
    show(null);
  };
  const point = (target: EventTarget | null, delay: number): void => {
    hide();
    const anchor = target instanceof Element ? target.closest<HTMLElement>('[data-tip]') : null;
    if (anchor !== null) timer = setTimeout(() => show(anchor), delay);
  };
  const options = { signal: wish.signal, capture: true };
  const on = document.addEventListener.bind(document);
  on('pointerover', (event) => point(event.target, DELAY_MS), options);
  on('focusin', (event) => focusTip(event.target, point), options);
  for (const name of ['pointerdown', 'focusout', 'scroll'] as const) on(name, hide, options);
  on('keydown', (event) => event.key === 'Escape' && hide(), options);
  return () => {
    clearTimeout(timer);
    wish.abort();
  };
}

function focusTip(
  target: EventTarget | null,
  point: (target: EventTarget | null, delay: number) => void,
): void {
  if (target instanceof Element && target.matches(':focus-visible')) point(target, 0);
}

function place(tip: RefObject<HTMLDivElement | null>, anchor: HTMLElement | null): void {
  const box = tip.current;
  if (box === null) return;
  if (anchor === null || !anchor.isConnected) return box.hidePopover();
  box.showPopover();
  const at = anchor.getBoundingClientRect();
  const size = box.getBoundingClientRect();
  const below = at.bottom + GAP_PX;
  const top = below + size.height > innerHeight ? at.top - GAP_PX - size.height : below;
  const left = at.left + (at.width - size.width) / 2;
  box.style.top = `${Math.max(4, top)}px`;
  box.style.left = `${Math.max(4, Math.min(left, innerWidth - size.width - 4))}px`;
}
