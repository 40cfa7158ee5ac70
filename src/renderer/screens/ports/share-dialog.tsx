/** Shares a port: which, under what name, with whom. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { PeerView } from '../../../shared/contract.ts';
import type { PortholeError } from '../../../shared/errors.ts';
import { COMMON } from '../../../shared/messages/common.ts';
import { sayFailure } from '../../../shared/messages/errors.ts';
import { PORTS } from '../../../shared/messages/ports.ts';
import { parsePort } from '../../../shared/target.ts';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { Field, TextInput } from '../../design/field.tsx';
import { Name } from '../../design/name.tsx';
import { RadioCards } from '../../design/radio-cards.tsx';
import { Checkbox } from '../../design/toggle.tsx';
import { useListening } from '../../state/use-listening.ts';
import { useAsk, usePage, useStatus } from '../../state/use-page.ts';
import { useLanguage, useWords } from '../../state/words.ts';
import styles from './share-dialog.module.css';
import { emptyForm, paramsOfForm } from './share-form.ts';
import type { FormProblem, ShareForm } from './share-form.ts';

export interface ShareDialogProps {
  /** Filled in. */
  readonly port: number | null;
  readonly onClose: () => void;
}

type Change = (change: Partial<ShareForm>) => void;
type Problem = FormProblem | PortholeError | null;

export function ShareDialog({ port, onClose }: ShareDialogProps): ReactNode {
  const { say } = useWords(PORTS);
  const [form, setForm] = useState(() => emptyForm(port));
  const [problem, setProblem] = useState<Problem>(null);
  const { submit, isBusy } = useSubmit(form, setProblem, onClose);
  const change: Change = (part) => {
    setProblem(null);
    setForm((old) => ({ ...old, ...part }));
  };
  return (
    <Dialog
      title={say('dialogTitle')}
      onClose={onClose}
      onSubmit={() => void submit()}
      footer={<Footer form={form} isBusy={isBusy} onClose={onClose} />}
    >
      <PortField form={form} problem={problem} onChange={change} />
      <Field label={say('name')} hint={say('nameHint')}>
        <TextInput
          value={form.name}
          maxLength={64}
          onChange={(event) => change({ name: event.target.value })}
        />
      </Field>
      <WhoField form={form} problem={problem} onChange={change} />
      <Advanced form={form} problem={problem} onChange={change} />
    </Dialog>
  );
}

function useSubmit(
  form: ShareForm,
  setProblem: (problem: Problem) => void,
  onClose: () => void,
): { readonly submit: () => Promise<void>; readonly isBusy: boolean } {
  const { show } = useWords(PORTS);
  const { toasts } = usePage();
  const ask = useAsk();
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (): Promise<void> => {
    const params = paramsOfForm(form);
    if (typeof params === 'string') return setProblem(params);
    setIsBusy(true);
    const outcome = await ask('share', params);
    setIsBusy(false);
    if (!outcome.ok) return setProblem(outcome.error);
    const { name } = outcome.value;
    toasts.add({ kind: 'done', text: show('sharingStarted', { name }), code: null });
    onClose();
  };
  return { submit, isBusy };
}

interface PartProps {
  readonly form: ShareForm;
  readonly problem: Problem;
  readonly onChange: Change;
}

function Footer({
  form,
  isBusy,
  onClose,
}: {
  readonly form: ShareForm;
  readonly isBusy: boolean;
  readonly onClose: () => void;
}): ReactNode {
  const { say } = useWords(PORTS);
  const common = useWords(COMMON);
  const port = parsePort(form.port.trim());
  return (
    <>
      <Button onClick={onClose}>{common.say('cancel')}</Button>
      <Button type="submit" look="primary" disabled={isBusy}>
        {port === undefined ? say('shareAny') : say('shareButton', { port })}
      </Button>
    </>
  );
}

function PortField({ form, problem, onChange }: PartProps): ReactNode {
  const { say } = useWords(PORTS);
  const language = useLanguage();
  const isOther =
    problem !== null && typeof problem !== 'string' && problem.code !== 'E_LAN_TARGET';
  const text = isOther ? sayFailure(problem, language) : undefined;
  return (
    <div className={styles.group}>
      <Field
        label={say('port')}
        hint={say('portHint')}
        problem={problem === 'portInvalid' ? say('portInvalid') : text}
      >
        <TextInput
          className={styles.port}
          inputMode="numeric"
          value={form.port}
          maxLength={5}
          onChange={(event) => onChange({ port: event.target.value.replaceAll(/\D/g, '') })}
        />
      </Field>
      <Picks form={form} onChange={onChange} />
    </div>
  );
}

/** As many as fit one line. */
const PICKS_MAX = 4;

/** Ports that something listens on and that are not shared yet. */
function Picks({ form, onChange }: Omit<PartProps, 'problem'>): ReactNode {
  const { say } = useWords(PORTS);
  const { ports } = useListening();
  const picks = (ports ?? []).filter(
    ({ share, port }) => share === null && String(port) !== form.port,
  );
  if (picks.length === 0) return null;
  return (
    <div className={styles.picks} role="group" aria-label={say('detected')}>
      {picks.slice(0, PICKS_MAX).map(({ port, address, label, process }) => (
        <Button
          key={`${address} ${port}`}
          size="small"
          onClick={() =>
            onChange({ port: String(port), name: form.name === '' ? label : form.name })
          }
        >
          {port} {process !== null && <bdi>{process.name}</bdi>}
        </Button>
      ))}
    </div>
  );
}

function WhoField({ form, problem, onChange }: PartProps): ReactNode {
  const { say } = useWords(PORTS);
  const peers = useStatus()?.peers ?? [];
  const choices = [
    { value: 'everyone' as const, label: say('everyone') },
    { value: 'chosen' as const, label: say('chosen') },
  ];
  return (
    <div className={styles.group}>
      <span className={styles.legend} id="share-who">
        {say('who')}
      </span>
      <RadioCards
        labelledBy="share-who"
        choices={choices}
        value={form.who}
        onChange={(who) => onChange({ who })}
      />
      {form.who === 'chosen' && <Devices peers={peers} form={form} onChange={onChange} />}
      <div role="alert">
        {problem === 'chooseOne' && <p className={styles.muted}>{say('chooseOne')}</p>}
      </div>
    </div>
  );
}

function Devices({
  peers,
  form,
  onChange,
}: Omit<PartProps, 'problem'> & { readonly peers: readonly PeerView[] }): ReactNode {
  const { say } = useWords(PORTS);
  if (peers.length === 0) return <p className={styles.muted}>{say('noDevices')}</p>;
  return (
    <div className={styles.devices} role="group" aria-label={say('chosen')}>
      {peers.map(({ id, name }) => (
        <Checkbox
          key={id}
          label={<Name>{name}</Name>}
          checked={form.chosen.includes(id)}
          onChange={(isChosen) =>
            onChange({
              chosen: isChosen
                ? [...form.chosen, id]
                : form.chosen.filter((device) => device !== id),
            })
          }
        />
      ))}
    </div>
  );
}

function Advanced({ form, problem, onChange }: PartProps): ReactNode {
  const { say } = useWords(PORTS);
  const common = useWords(COMMON);
  const needsLan =
    problem !== null && typeof problem !== 'string' && problem.code === 'E_LAN_TARGET';
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details
      className={styles.advanced}
      open={isOpen || needsLan}
      onToggle={(event) => setIsOpen(event.currentTarget.open)}
    >
      <summary>{common.say('advanced')}</summary>
      <div>
        <Field
          label={say('target')}
          hint={say('targetHint')}
          problem={needsLan ? say('lanNeeded', { target: form.target }) : undefined}
        >
          <TextInput
            value={form.target}
            placeholder={form.port === '' ? '' : `127.0.0.1:${form.port}`}
            onChange={(event) => onChange({ target: event.target.value })}
          />
        </Field>
        <Checkbox
          label={say('allowLan')}
          hint={say('allowLanHint')}
          checked={form.lan === 'allow-lan'}
          onChange={(isAllowed) => onChange({ lan: isAllowed ? 'allow-lan' : 'this-computer' })}
        />
      </div>
    </details>
  );
}
