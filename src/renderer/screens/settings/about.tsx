/** Settings, About. Addresses are text: this page opens nothing. */
import type { ReactNode } from 'react';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { useShell, useStatus } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import { Card } from './card.tsx';
import styles from './settings.module.css';

export function About(): ReactNode {
  const { say } = useWords(SETTINGS);
  const shell = useShell();
  const version = useStatus()?.version ?? shell?.version ?? '…';
  return (
    <Card title={say('about')}>
      <dl className={styles.about}>
        <dt>{say('version')}</dt>
        <dd>Porthole {version}</dd>
        <dt>{say('shownBy')}</dt>
        <dd>{shell?.kind === 'desktop' ? say('shownByDesktop') : say('shownByWeb')}</dd>
        <dt>{say('licence')}</dt>
        <dd>{say('licenceText')}</dd>
        <dt>{say('website')}</dt>
        <dd>{say('websiteText')}</dd>
      </dl>
    </Card>
  );
}
