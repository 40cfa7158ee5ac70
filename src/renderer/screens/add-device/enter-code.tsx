/** The tab that takes a code: pasted, scanned, or read from a picture. */
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { sayFailure } from '../../../shared/messages/errors.ts';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Banner } from '../../design/banner.tsx';
import { Button } from '../../design/button.tsx';
import { useLanguage, useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { CodeBox } from './code-box.tsx';
import { FailureCode } from './code-over.tsx';
import { codeTextOf } from './code-text.ts';
import type { ActivePairing } from './use-pairing.ts';

export interface EnterCodeProps {
  readonly text: string;
  /** A link brought it, and nobody has changed it. */
  readonly isPrefilled: boolean;
  /** The last try, if it failed. */
  readonly pairing: ActivePairing | null;
  readonly onText: (text: string) => void;
  readonly onJoin: (code: string) => void;
}

export function EnterCode({
  text,
  isPrefilled,
  pairing,
  onText,
  onJoin,
}: EnterCodeProps): ReactNode {
  const { say } = useWords(PAIRING);
  const box = useRef<HTMLTextAreaElement>(null);
  const failed = pairing?.stage.kind === 'failed' ? pairing.session : null;
  // What was under way has gone from the screen, and the focus with it.
  useEffect(() => {
    if (failed !== null) box.current?.focus();
  }, [failed]);
  const join = (code: string): void => {
    const { kind } = codeTextOf(code);
    if (kind === 'invite' || kind === 'offline') onJoin(code.trim());
    else box.current?.focus();
  };
  return (
    <div className={styles.column}>
      <Failed pairing={pairing} />
      <CodeBox
        ref={box}
        expected="pair"
        label={say('pasteLabel')}
        hint={isPrefilled ? say('prefilled') : say('pasteHint')}
        text={text}
        onText={onText}
        onEnter={() => join(text)}
        onRead={(code) => {
          onText(code);
          join(code);
        }}
      />
      <div className={styles.end}>
        <Button look="primary" onClick={() => join(text)}>
          {say('connect')}
        </Button>
      </div>
    </div>
  );
}

function Failed({ pairing }: { readonly pairing: ActivePairing | null }): ReactNode {
  const language = useLanguage();
  const stage = pairing?.stage;
  return (
    <div role="alert" className={styles.full}>
      {stage?.kind === 'failed' && (
        <>
          <Banner mood="bad" title={sayFailure(stage.failure, language)} />
          <FailureCode code={stage.failure.code} />
        </>
      )}
    </div>
  );
}
