/** The keys that work everywhere (C3). */
import { useEffect } from 'react';
import { NO_OVERLAY, PAGES } from './navigation.ts';
import type { Navigation } from './navigation.ts';
import { RESCAN_EVENT } from '../state/use-listening.ts';
import { useNavigation } from './use-navigation.ts';

export function useShortcuts(): void {
  const navigation = useNavigation();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.altKey) return;
      if (actOn(event, navigation)) event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [navigation]);
}

/** Whether the key meant something. A dialog keeps all of them to itself. */
function actOn(event: KeyboardEvent, navigation: Navigation): boolean {
  if (navigation.overlay.get() !== NO_OVERLAY || isModal()) return false;
  if (event.ctrlKey || event.metaKey) return event.shiftKey ? false : onCommand(event, navigation);
  if (event.key === 'F5') return document.dispatchEvent(new Event(RESCAN_EVENT));
  if (event.key === '?' && !isTyping(event.target)) {
    navigation.show({ kind: 'shortcuts' });
    return true;
  }
  return false;
}

function onCommand({ key }: KeyboardEvent, navigation: Navigation): boolean {
  const page = PAGES[Number(key) - 1];
  if (page !== undefined) {
    navigation.go(page);
    return true;
  }
  switch (key.toLowerCase()) {
    case 'n':
      navigation.show({ kind: 'share', port: null });
      return true;
    case 'd':
      navigation.show({ kind: 'add-device', code: null, grant: null });
      return true;
    case 'f':
      return focusFilter();
    default:
      return false;
  }
}

/** The filter of the page that is shown, if it has one; else the browser's own search opens. */
function focusFilter(): boolean {
  const filter = document.querySelector<HTMLInputElement>('[data-filter]');
  filter?.focus();
  filter?.select();
  return filter !== null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, textarea, [contenteditable]');
}

/** A dialog that is none of the page's overlays: the first steps. */
function isModal(): boolean {
  return document.querySelector('[role="dialog"], [role="alertdialog"]') !== null;
}
