/** Settings, Security. */
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Language, Say } from '../../../shared/messages/language.ts';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { Button } from '../../design/button.tsx';
import { CopyButton } from '../../design/copy-button.tsx';
import { useLanguage, useWords } from '../../state/words.ts';
import { Card, Fact } from './card.tsx';
import { ExportDialog } from './export-dialog.tsx';
import styles from './settings.module.css';
import { useSettings } from './use-settings.ts';

export function Security(): ReactNode {
  const { say } = useWords(SETTINGS);
  const language = useLanguage();
  const { settings } = useSettings();
  return (
    <Card title={say('security')}>
      <Fact label={say('keyStorage')}>
        <p>{sayKeyStorage(settings.keyStorage, language, say)}</p>
      </Fact>
      <Fact label={say('deviceId')} hint={say('deviceIdHint')}>
        <code className={styles.deviceId}>{settings.deviceId}</code>
        <CopyButton text={settings.deviceId} label={say('copyDeviceId')} />
      </Fact>
      <Fact label={say('trustTitle')}>
        <p>{say('trust')}</p>
      </Fact>
      <Export />
    </Card>
  );
}

function Export(): ReactNode {
  const { say } = useWords(SETTINGS);
  const [isOpen, setOpen] = useState(false);
  return (
    <Fact label={say('export')} hint={say('exportHint')}>
      <Button icon={<KeyRound aria-hidden="true" />} onClick={() => setOpen(true)}>
        {say('exportButton')}
      </Button>
      {isOpen && <ExportDialog onClose={() => setOpen(false)} />}
    </Fact>
  );
}

/** English sentences of the engine and of the desktop app; one that is not known stays. */
const KEY_PLACES = [
  [/only your account can read.*no system keyring/i, 'keyWithoutKeyring'],
  [/only your account can read/i, 'keyInFile'],
  [/keyring|keychain/i, 'keyInKeyring'],
] as const;

function sayKeyStorage(
  sentence: string,
  language: Language,
  say: Say<(typeof SETTINGS)['en']>,
): string {
  if (language === 'en') return sentence;
  const known = KEY_PLACES.find(([pattern]) => pattern.test(sentence));
  return known === undefined ? sentence : say(known[1]);
}
