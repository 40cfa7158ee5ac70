/** Says what is wrong as a whole (conditions.ts), and offers what can be done. */
import type { ReactNode } from 'react';
import { COMMON } from '../../shared/messages/common.ts';
import { Banner } from '../design/banner.tsx';
import { Button } from '../design/button.tsx';
import { useAct, useStatus } from '../state/use-page.ts';
import { useWords } from '../state/words.ts';
import styles from './condition-banners.module.css';
import type { Condition } from './conditions.ts';
import { useConditions } from './use-conditions.ts';
import { useNavigation } from './use-navigation.ts';

export function ConditionBanners(): ReactNode {
  const { say } = useWords(COMMON);
  const conditions = useConditions();
  return (
    <section
      role="status"
      aria-live="polite"
      aria-label={say('conditionsRegion')}
      className={styles.banners}
    >
      {conditions.map((condition) => (
        <ConditionBanner key={condition.kind} condition={condition} />
      ))}
    </section>
  );
}

function ConditionBanner({ condition }: { readonly condition: Condition }): ReactNode {
  const { show } = useWords(COMMON);
  switch (condition.kind) {
    case 'refused':
      return <Banner mood="bad" title={show('refusedTitle')} body={show('refusedBody')} />;
    case 'lost':
      return <Banner mood="bad" title={show('lostTitle')} body={show('lostBody')} />;
    case 'offline':
      return <Banner mood="wait" title={show('offlineTitle')} body={show('offlineBody')} />;
    case 'rendezvous':
      return <RendezvousBanner server={condition.server} />;
    case 'udp-relay':
      return <Banner mood="rest" title={show('udpRelayTitle')} body={show('udpRelayBody')} />;
    case 'udp-blocked':
      return <UdpBlockedBanner />;
    case 'paused':
      return <PausedBanner />;
  }
}

function RendezvousBanner({ server }: { readonly server: string }): ReactNode {
  const { say, show } = useWords(COMMON);
  const { peers } = useStatus() ?? { peers: [] };
  const act = useAct();
  const navigation = useNavigation();
  const waiting = peers.filter(({ state }) => state !== 'up' && state !== 'removed');
  const tryAgain = (): void => {
    for (const { id } of waiting) void act('reconnect', { peer: id });
  };
  return (
    <Banner
      mood="wait"
      title={show('rendezvousTitle', { server })}
      body={show('rendezvousBody')}
      actions={
        <>
          {waiting.length > 0 && (
            <Button look="quiet" size="small" onClick={tryAgain}>
              {say('tryAgain')}
            </Button>
          )}
          <Button look="quiet" size="small" onClick={() => navigation.go('settings')}>
            {say('settings')}
          </Button>
        </>
      }
    />
  );
}

function UdpBlockedBanner(): ReactNode {
  const { say, show } = useWords(COMMON);
  const navigation = useNavigation();
  return (
    <Banner
      mood="wait"
      title={show('udpBlockedTitle')}
      body={show('udpBlockedBody')}
      actions={
        <Button look="quiet" size="small" onClick={() => navigation.go('settings')}>
          {say('setUpRelay')}
        </Button>
      }
    />
  );
}

function PausedBanner(): ReactNode {
  const { say, show } = useWords(COMMON);
  const act = useAct();
  return (
    <Banner
      mood="rest"
      title={show('pausedTitle')}
      body={show('pausedBody')}
      actions={
        <Button look="quiet" size="small" onClick={() => void act('resume', { share: null })}>
          {say('resume')}
        </Button>
      }
    />
  );
}
