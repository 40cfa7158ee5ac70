/** Gives a port of another device another port on this computer. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { PortholeError } from '../../../shared/errors.ts';
import { COMMON } from '../../../shared/messages/common.ts';
import { sayFailure } from '../../../shared/messages/errors.ts';
import { PORTS } from '../../../shared/messages/ports.ts';
import { parsePort } from '../../../shared/target.ts';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { Field, TextInput } from '../../design/field.tsx';
import { useAsk, useStatus } from '../../state/use-page.ts';
import { useLanguage, useWords } from '../../state/words.ts';
import styles from './share-dialog.module.css';
import { portOf } from './share-state.ts';

export interface LocalPortDialogProps {
  /** Id of the share. */
  readonly share: string;
  readonly peer: string;
  readonly onClose: () => void;
}

/** Added to a port that needs administrator rights: 80 becomes 8080, 443 becomes 8443. */
const UNPRIVILEGED_OFFSET = 8000;

export function LocalPortDialog({ share, peer, onClose }: LocalPortDialogProps): ReactNode {
  const { say, show } = useWords(PORTS);
  const common = useWords(COMMON);
  const language = useLanguage();
  const ask = useAsk();
  const forward = useStatus()?.forwards.find((each) => each.share === share && each.peer === peer);
  const [text, setText] = useState(() => portOf(forward?.local ?? ''));
  const [problem, setProblem] = useState<PortholeError | 'portInvalid' | null>(null);
  const submit = async (localPort = parsePort(text)): Promise<void> => {
    if (localPort === undefined) return setProblem('portInvalid');
    const outcome = await ask('connect', { peer, share, localPort });
    if (outcome.ok) onClose();
    else setProblem(outcome.error);
  };
  if (forward === undefined) return null;
  const other = (parsePort(text) ?? 0) + UNPRIVILEGED_OFFSET;
  const isPrivileged = typeof problem === 'object' && problem?.code === 'E_PORT_PRIVILEGED';
  const said = (): string | undefined => {
    if (problem === null) return undefined;
    if (problem === 'portInvalid') return say('portInvalid');
    return isPrivileged ? say('privilegedAsk', { other }) : sayFailure(problem, language);
  };
  return (
    <Dialog
      title={show('localTitle', { name: forward.name })}
      onClose={onClose}
      onSubmit={() => void submit()}
      footer={
        <>
          <Button onClick={onClose}>{common.say('cancel')}</Button>
          <Button type="submit" look="primary">
            {common.say('save')}
          </Button>
        </>
      }
    >
      <Field label={say('localPort')} hint={say('localHint')} problem={said()}>
        <TextInput
          className={styles.port}
          inputMode="numeric"
          value={text}
          maxLength={5}
          onChange={(event) => {
            setProblem(null);
            setText(event.target.value.replaceAll(/\D/g, ''));
          }}
        />
      </Field>
      {isPrivileged && (
        <div className={styles.picks}>
          <Button onClick={() => void submit(other)}>{say('use', { port: other })}</Button>
        </div>
      )}
    </Dialog>
  );
}
