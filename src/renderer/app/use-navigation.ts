/** Where the page is, for components. */
import { createContext, useContext } from 'react';
import { useStore } from '../state/store.ts';
import { Navigation } from './navigation.ts';
import type { Place } from './navigation.ts';

export const NavigationContext = createContext<Navigation | null>(null);

export function useNavigation(): Navigation {
  const navigation = useContext(NavigationContext);
  if (navigation === null) throw new TypeError('no navigation around this component');
  return navigation;
}

export function usePlace(): Place {
  return useStore(useNavigation().place);
}
