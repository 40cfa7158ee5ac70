/** A setting that is a list of servers: each can be taken out, and one more put in. */
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { SettingsChange } from '../../../shared/contract.ts';
import { sayFailure } from '../../../shared/messages/errors.ts';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { Button } from '../../design/button.tsx';
import { Field, TextInput } from '../../design/field.tsx';
import { IconButton } from '../../design/icon-button.tsx';
import { usePage } from '../../state/use-page.ts';
import { useLanguage, useWords } from '../../state/words.ts';
import { complain } from './complain.ts';
import type { Checked } from './setting-checks.ts';
import styles from './settings.module.css';
import { useSettings } from './use-settings.ts';

export interface ServerListProps extends Partial<Adding> {
  readonly title: string;
  readonly hint: string;
  /** What is so while there is none. */
  readonly none: string;
  readonly servers: readonly string[];
  readonly changeOf: (servers: string[]) => SettingsChange;
  readonly stateOf?: (server: string) => ReactNode;
  /** In place of a field for one address. */
  readonly form?: ReactNode;
}

interface Adding {
  readonly addLabel: string;
  readonly example: string;
  readonly check: (text: string) => Checked<string>;
}

export function ServerList(props: ServerListProps): ReactNode {
  const { title, hint, none, servers, changeOf, stateOf, form, addLabel, example, check } = props;
  return (
    <section className={styles.servers} aria-label={title}>
      <h3>{title}</h3>
      <p className={styles.hint}>{hint}</p>
      {servers.length === 0 && <p className={styles.none}>{none}</p>}
      {servers.length > 0 && (
        <ul className={styles.serverList}>
          {servers.map((server) => (
            <li key={server} className={styles.server}>
              <span className={styles.serverName}>
                <span className={styles.address}>{server}</span>
                {stateOf?.(server)}
              </span>
              <Remove
                server={server}
                change={changeOf(servers.filter((each) => each !== server))}
              />
            </li>
          ))}
        </ul>
      )}
      {form}
      {addLabel !== undefined && example !== undefined && check !== undefined && (
        <AddServer
          addLabel={addLabel}
          example={example}
          check={check}
          changeOf={(server) => changeOf([...servers, server])}
        />
      )}
    </section>
  );
}

interface RemoveProps {
  readonly server: string;
  readonly change: SettingsChange;
}

function Remove({ server, change: wanted }: RemoveProps): ReactNode {
  const { say } = useWords(SETTINGS);
  const language = useLanguage();
  const { toasts } = usePage();
  const { change } = useSettings();
  const remove = async (): Promise<void> => {
    const outcome = await change(wanted);
    if (outcome.ok) return;
    const { error } = outcome;
    toasts.add({ kind: 'failed', text: sayFailure(error, language), code: error.code });
  };
  return (
    <IconButton label={say('remove', { what: server })} onClick={() => void remove()}>
      <Trash2 aria-hidden="true" />
    </IconButton>
  );
}

interface AddServerProps extends Adding {
  readonly changeOf: (server: string) => SettingsChange;
}

function AddServer({ addLabel, example, check, changeOf }: AddServerProps): ReactNode {
  const { say } = useWords(SETTINGS);
  const language = useLanguage();
  const { change } = useSettings();
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string | undefined>();
  const add = async (): Promise<void> => {
    const checked = check(text);
    if (!checked.ok) return setProblem(complain(say, checked.complaint));
    const outcome = await change(changeOf(checked.value));
    setProblem(outcome.ok ? undefined : sayFailure(outcome.error, language));
    if (outcome.ok) setText('');
  };
  return (
    <form
      className={styles.add}
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <Field label={addLabel} problem={problem}>
        <div className={styles.withUnit}>
          <TextInput
            value={text}
            placeholder={example}
            inputMode="url"
            onChange={(event) => {
              setText(event.currentTarget.value);
              setProblem(undefined);
            }}
          />
          <Button type="submit" icon={<Plus aria-hidden="true" />}>
            {say('add')}
          </Button>
        </div>
      </Field>
    </form>
  );
}
