/** Step 1: what this is, how the computer is called, and in which language. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import { COMMON } from '../../../shared/messages/common.ts';
import { sayFailure } from '../../../shared/messages/errors.ts';
import { FIRST_RUN } from '../../../shared/messages/first-run.ts';
import { DEFAULT_PREFERENCES } from '../../../shared/shell-calls.ts';
import { Button } from '../../design/button.tsx';
import { Field, TextInput } from '../../design/field.tsx';
import { PortholeScene } from '../../design/porthole-scene.tsx';
import { useAsk, useShell, useStatus } from '../../state/use-page.ts';
import { useLanguage, useWords } from '../../state/words.ts';
import { LanguageChoice } from '../settings/general.tsx';
import { checkName } from '../settings/setting-checks.ts';
import { StepTitle } from './step-title.tsx';
import styles from './first-run.module.css';

export function WelcomeStep({ onDone }: { readonly onDone: () => void }): ReactNode {
  const { say } = useWords(FIRST_RUN);
  const { say: sayCommon } = useWords(COMMON);
  const preferences = useShell()?.preferences ?? DEFAULT_PREFERENCES;
  const { name, problem, type, save } = useName(onDone);
  return (
    <form
      className={styles.step}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div className={styles.lead}>
        <PortholeScene className={styles.scene} />
        <StepTitle>{say('welcome')}</StepTitle>
        <p className={styles.muted}>{say('welcomeText')}</p>
      </div>
      <Field label={say('name')} hint={say('nameHint')} problem={problem}>
        <TextInput value={name} onChange={(event) => type(event.currentTarget.value)} />
      </Field>
      <LanguageChoice preferences={preferences} />
      <Button look="primary" size="wide" type="submit">
        {sayCommon('continue')}
      </Button>
    </form>
  );
}

interface NameState {
  readonly name: string;
  readonly problem: string | undefined;
  readonly type: (name: string) => void;
  readonly save: () => Promise<void>;
}

/** What was typed stays until it is saved; a name that was not changed needs no saving. */
function useName(onDone: () => void): NameState {
  const { say } = useWords(FIRST_RUN);
  const language = useLanguage();
  const ask = useAsk();
  const saved = useStatus()?.deviceName ?? '';
  const [typed, setTyped] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | undefined>();
  const save = async (): Promise<void> => {
    if (typed === null || typed.trim() === saved) return onDone();
    const checked = checkName(typed);
    if (!checked.ok) {
      return setProblem(checked.complaint === 'nameEmpty' ? say('nameEmpty') : say('nameLong'));
    }
    const outcome = await ask('changeSettings', { deviceName: checked.value });
    if (outcome.ok) return onDone();
    setProblem(`${say('nameFailed')} ${sayFailure(outcome.error, language)}`);
  };
  const type = (name: string): void => {
    setTyped(name);
    setProblem(undefined);
  };
  return { name: typed ?? saved, problem, type, save };
}
