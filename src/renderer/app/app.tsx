/** The page: what it knows, its language, and which screen is shown. */
import { CSPProvider } from '@base-ui/react/csp-provider';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { LiveRegion } from '../design/live-region.tsx';
import { ToastRegion } from '../design/toast-region.tsx';
import { TooltipLayer } from '../design/tooltip-layer.tsx';
import { ActivityScreen } from '../screens/activity/activity-screen.tsx';
import { DevicesScreen } from '../screens/devices/devices-screen.tsx';
import { FirstRun } from '../screens/first-run/first-run.tsx';
import { PortsScreen } from '../screens/ports/ports-screen.tsx';
import { SettingsScreen } from '../screens/settings/settings-screen.tsx';
import type { PageState } from '../state/page-state.ts';
import { PageContext, useShell } from '../state/use-page.ts';
import { useStore } from '../state/store.ts';
import { LanguageContext } from '../state/words.ts';
import { Frame } from './frame.tsx';
import { NavigationContext, useNavigation, usePlace } from './use-navigation.ts';
import type { Navigation, PageName } from './navigation.ts';
import { Overlays } from './overlays.tsx';
import { usePreferences } from './preferences.ts';
import { SpokenChanges } from './spoken-changes.ts';
import { useShortcuts } from './use-shortcuts.ts';

const SCREENS: Readonly<Record<PageName, () => ReactNode>> = {
  ports: PortsScreen,
  devices: DevicesScreen,
  activity: ActivityScreen,
  settings: SettingsScreen,
};

export function App({
  page,
  navigation,
}: {
  readonly page: PageState;
  readonly navigation: Navigation;
}): ReactNode {
  const language = usePreferences(useStore(page.shell));
  useEffect(() => page.start((wish) => navigation.fulfil(wish)), [page, navigation]);
  useEffect(() => navigation.followHistory(), [navigation]);
  return (
    // It adds no style elements, which the content security policy would turn away.
    <CSPProvider disableStyleElements>
      <PageContext value={page}>
        <NavigationContext value={navigation}>
          <LanguageContext value={language}>
            <Window />
          </LanguageContext>
        </NavigationContext>
      </PageContext>
    </CSPProvider>
  );
}

function Window(): ReactNode {
  useShortcuts();
  return (
    <>
      <Frame>
        <CurrentScreen />
      </Frame>
      <Overlays />
      <ToastRegion />
      <LiveRegion />
      <SpokenChanges />
      <TooltipLayer />
    </>
  );
}

/** The first steps, until they are done or a person goes somewhere else; then one of the pages. */
function CurrentScreen(): ReactNode {
  const { page } = usePlace();
  const steps = useStore(useNavigation().firstSteps);
  const isFirstRun = useShell()?.preferences.firstRun === 'todo';
  if (isFirstRun && steps === 'shown') return <FirstRun />;
  const Current = SCREENS[page];
  return <Current />;
}
