/**
 * A setting that is a line of text: it is saved when the person leaves it or presses Enter, and says
 * so. What cannot be saved stays as it was typed, with the reason.
 */
import { Check } from 'lucide-react';
import { useId, useState } from 'react';
import type { ReactNode } from 'react';
import type { SettingsChange } from '../../../shared/contract.ts';
import { sayFailure } from '../../../shared/messages/errors.ts';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { cx } from '../../design/cx.ts';
import { Field, TextInput } from '../../design/field.tsx';
import { useLanguage, useWords } from '../../state/words.ts';
import { complain } from './complain.ts';
import type { Checked } from './setting-checks.ts';
import styles from './settings.module.css';
import { useSettings } from './use-settings.ts';

export interface TextSettingProps<T> {
  readonly label: string;
  readonly hint: string;
  /** As it is saved. */
  readonly value: string;
  readonly check: (text: string) => Checked<T>;
  readonly changeOf: (value: T) => SettingsChange;
  /** Behind the field. */
  readonly unit?: string;
  readonly look?: 'short' | 'long';
  readonly inputMode?: 'numeric' | 'text';
}

type Saving =
  | { readonly kind: 'idle' }
  | { readonly kind: 'saving' }
  | { readonly kind: 'saved' }
  | { readonly kind: 'failed'; readonly problem: string };

export function TextSetting<T>(props: TextSettingProps<T>): ReactNode {
  const { label, hint, value, unit, look = 'long', inputMode = 'text' } = props;
  const { say } = useWords(SETTINGS);
  const unitId = useId();
  const { text, saving, type, save } = useTextSetting(props, value);
  return (
    <div className={styles.setting}>
      <Field
        label={label}
        hint={hint}
        problem={saving.kind === 'failed' ? saving.problem : undefined}
      >
        <div className={styles.withUnit}>
          <TextInput
            value={text}
            inputMode={inputMode}
            className={look === 'short' ? styles.short : undefined}
            onChange={(event) => type(event.currentTarget.value)}
            onBlur={() => void save()}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.nativeEvent.isComposing) void save();
            }}
          />
          {unit !== undefined && <span id={unitId}>{unit}</span>}
          <output className={cx(styles.saved, look === 'long' && styles.inField)}>
            {saving.kind === 'saving' && say('saving')}
            {saving.kind === 'saved' && (
              <>
                <Check aria-hidden="true" />
                {say('saved')}
              </>
            )}
          </output>
        </div>
      </Field>
    </div>
  );
}

interface TextState {
  readonly text: string;
  readonly saving: Saving;
  readonly type: (text: string) => void;
  readonly save: () => Promise<void>;
}

function useTextSetting<T>(
  { check, changeOf }: Pick<TextSettingProps<T>, 'check' | 'changeOf'>,
  value: string,
): TextState {
  const { say } = useWords(SETTINGS);
  const language = useLanguage();
  const { change } = useSettings();
  /** Null while it is what is saved. */
  const [typed, setTyped] = useState<string | null>(null);
  const [saving, setSaving] = useState<Saving>({ kind: 'idle' });
  const save = async (): Promise<void> => {
    if (typed === null || saving.kind === 'saving') return;
    if (typed.trim() === value) {
      setTyped(null);
      return setSaving({ kind: 'idle' });
    }
    const checked = check(typed);
    if (!checked.ok)
      return setSaving({ kind: 'failed', problem: complain(say, checked.complaint) });
    setSaving({ kind: 'saving' });
    const outcome = await change(changeOf(checked.value));
    if (outcome.ok) {
      setTyped((now) => (now === typed ? null : now));
      setSaving({ kind: 'saved' });
    } else {
      setSaving({ kind: 'failed', problem: sayFailure(outcome.error, language) });
    }
  };
  const type = (text: string): void => {
    setTyped(text);
    setSaving({ kind: 'idle' });
  };
  return { text: typed ?? value, saving, type, save };
}
