/**
 * A new relay. Its password is told to the engine once; what was typed is forgotten as soon as it is
 * saved.
 */
import { Plus } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { sayFailure } from '../../../shared/messages/errors.ts';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { Button } from '../../design/button.tsx';
import { Field, TextInput } from '../../design/field.tsx';
import { useLanguage, useWords } from '../../state/words.ts';
import { complain } from './complain.ts';
import { checkTurn } from './setting-checks.ts';
import type { Complaint, TurnFields } from './setting-checks.ts';
import styles from './settings.module.css';
import { useSettings } from './use-settings.ts';

const EMPTY: TurnFields = { server: '', user: '', password: '' };

/** Which field a complaint is about. */
const FIELD_OF: Partial<Record<Complaint, keyof TurnFields>> = {
  turnUserEmpty: 'user',
  turnPasswordEmpty: 'password',
};

interface Problem {
  readonly field: keyof TurnFields;
  readonly text: string;
}

export function TurnForm(): ReactNode {
  const { say } = useWords(SETTINGS);
  const { fields, problem, type, add } = useTurnForm();
  const problemOf = (field: keyof TurnFields): string | undefined =>
    problem?.field === field ? problem.text : undefined;
  return (
    <form
      className={styles.turn}
      aria-label={say('addTurn')}
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <Field label={say('turnServer')} problem={problemOf('server')}>
        <TextInput
          value={fields.server}
          placeholder="turn.example.org:3478"
          inputMode="url"
          onChange={(event) => type({ server: event.currentTarget.value })}
        />
      </Field>
      <div className={styles.pair}>
        <Field label={say('turnUser')} problem={problemOf('user')}>
          <TextInput
            value={fields.user}
            onChange={(event) => type({ user: event.currentTarget.value })}
          />
        </Field>
        <Field
          label={say('turnPassword')}
          hint={say('turnPasswordHint')}
          problem={problemOf('password')}
        >
          <TextInput
            type="password"
            autoComplete="new-password"
            value={fields.password}
            onChange={(event) => type({ password: event.currentTarget.value })}
          />
        </Field>
      </div>
      <Button type="submit" icon={<Plus aria-hidden="true" />}>
        {say('addTurn')}
      </Button>
    </form>
  );
}

interface TurnFormState {
  readonly fields: TurnFields;
  readonly problem: Problem | null;
  readonly type: (changes: Partial<TurnFields>) => void;
  readonly add: () => Promise<void>;
}

function useTurnForm(): TurnFormState {
  const { say } = useWords(SETTINGS);
  const language = useLanguage();
  const { settings, change } = useSettings();
  const [fields, setFields] = useState(EMPTY);
  const [problem, setProblem] = useState<Problem | null>(null);
  const add = async (): Promise<void> => {
    const checked = checkTurn(fields, settings.turn);
    if (!checked.ok) {
      const field = FIELD_OF[checked.complaint] ?? 'server';
      return setProblem({ field, text: complain(say, checked.complaint) });
    }
    const outcome = await change({ turn: [...settings.turn, checked.value] });
    if (!outcome.ok) {
      return setProblem({ field: 'server', text: sayFailure(outcome.error, language) });
    }
    setProblem(null);
    setFields(EMPTY);
  };
  const type = (changes: Partial<TurnFields>): void => {
    setFields((before) => ({ ...before, ...changes }));
    setProblem(null);
  };
  return { fields, problem, type, add };
}
