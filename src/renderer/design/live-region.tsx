/** The one place where changes are read out, politely (announcer.ts). */
import { createContext, useContext } from 'react';
import type { ReactNode } from 'react';
import { useStore } from '../state/store.ts';
import { Announcer } from './announcer.ts';
import { Hidden } from './hidden.tsx';

const announcer = new Announcer();
const AnnouncerContext = createContext(announcer);

/** Has a text read out, within a second. */
export function useAnnounce(): (text: string) => void {
  return useContext(AnnouncerContext).announce;
}

export function LiveRegion(): ReactNode {
  const text = useStore(useContext(AnnouncerContext).text);
  return (
    <div role="status" aria-live="polite">
      <Hidden>{text}</Hidden>
    </div>
  );
}
