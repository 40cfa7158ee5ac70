/** The frame of the window: the four links, this device, what is wrong, and the page. */
import { Activity, Cable, MonitorSmartphone, Settings } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { MouseEvent, ReactNode, RefObject } from 'react';
import { COMMON } from '../../shared/messages/common.ts';
import { BrandMark } from '../design/brand-mark.tsx';
import { useWords } from '../state/words.ts';
import { ConditionBanners } from './condition-banners.tsx';
import styles from './frame.module.css';
import { PAGES } from './navigation.ts';
import type { PageName } from './navigation.ts';
import { ThisDevice } from './this-device.tsx';
import { useNavigation, usePlace } from './use-navigation.ts';

const ICONS = { ports: Cable, devices: MonitorSmartphone, activity: Activity, settings: Settings };

export function Frame({ children }: { readonly children: ReactNode }): ReactNode {
  const { say } = useWords(COMMON);
  const main = useRef<HTMLElement>(null);
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#main" onClick={(event) => skipTo(event, main)}>
        {say('skipToContent')}
      </a>
      <header className={styles.side}>
        <div className={styles.brand}>
          <BrandMark />
          Porthole
        </div>
        <nav aria-label={say('mainNavigation')}>
          <ul className={styles.links}>
            {PAGES.map((page) => (
              <li key={page}>
                <PageLink page={page} />
              </li>
            ))}
          </ul>
        </nav>
        <ThisDevice />
      </header>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <ConditionBanners />
        {children}
      </main>
      <PageTitle />
    </div>
  );
}

function PageLink({ page }: { readonly page: PageName }): ReactNode {
  const { say } = useWords(COMMON);
  const navigation = useNavigation();
  const place = usePlace();
  const Icon = ICONS[page];
  const onClick = (event: MouseEvent): void => {
    event.preventDefault();
    navigation.go(page);
  };
  return (
    <a
      href={`#${page}`}
      className={styles.link}
      aria-current={place.page === page ? 'page' : undefined}
      onClick={onClick}
    >
      <Icon aria-hidden="true" />
      <span>{say(page)}</span>
    </a>
  );
}

function PageTitle(): ReactNode {
  const { say } = useWords(COMMON);
  const { page } = usePlace();
  const title = `${say(page)} – Porthole`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return null;
}

/** The address must not change: it is where the token came in. */
function skipTo(event: MouseEvent, main: RefObject<HTMLElement | null>): void {
  event.preventDefault();
  main.current?.focus();
}
