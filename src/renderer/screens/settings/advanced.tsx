/** Settings, Advanced. */
import { ClipboardCopy } from 'lucide-react';
import type { ReactNode } from 'react';
import { COMMON } from '../../../shared/messages/common.ts';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { Button } from '../../design/button.tsx';
import { CopyButton } from '../../design/copy-button.tsx';
import { useWords } from '../../state/words.ts';
import { useDiagnostics } from '../activity/use-diagnostics.ts';
import { Card, Fact } from './card.tsx';
import styles from './settings.module.css';
import { useSettings } from './use-settings.ts';

export function Advanced(): ReactNode {
  const { say } = useWords(SETTINGS);
  const { say: sayCommon } = useWords(COMMON);
  const { settings } = useSettings();
  const copyDiagnostics = useDiagnostics();
  return (
    <Card title={say('advanced')}>
      <Fact label={say('folder')} hint={say('folderHint')}>
        <code className={styles.path}>{settings.folder}</code>
        <CopyButton
          text={settings.folder}
          label={sayCommon('copyNamed', { what: say('folder') })}
        />
      </Fact>
      <Fact label={say('diagnostics')} hint={say('diagnosticsHint')}>
        <Button icon={<ClipboardCopy aria-hidden="true" />} onClick={() => void copyDiagnostics()}>
          {say('copyDiagnostics')}
        </Button>
      </Fact>
    </Card>
  );
}
