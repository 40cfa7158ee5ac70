/** A backup of the identity, behind a passphrase that is typed twice. */
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { COMMON } from '../../../shared/messages/common.ts';
import { sayFailure } from '../../../shared/messages/errors.ts';
import { SETTINGS } from '../../../shared/messages/settings.ts';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { Field, TextInput } from '../../design/field.tsx';
import { Checkbox } from '../../design/toggle.tsx';
import { useAsk, usePage } from '../../state/use-page.ts';
import { useLanguage, useWords } from '../../state/words.ts';
import { download } from '../download.ts';

type Exporting =
  | { readonly kind: 'asked' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'different' }
  | { readonly kind: 'failed'; readonly text: string };

export function ExportDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { say } = useWords(SETTINGS);
  const { say: sayCommon } = useWords(COMMON);
  const [first, setFirst] = useState('');
  const [again, setAgain] = useState('');
  const [isShown, setShown] = useState(false);
  const { state, forget, run } = useExport(onClose);
  const type = isShown ? 'text' : 'password';
  return (
    <Dialog
      title={say('export')}
      description={say('exportHint')}
      onClose={onClose}
      onSubmit={() => void run(first, again)}
      footer={
        <>
          <Button onClick={onClose}>{sayCommon('cancel')}</Button>
          <Button look="primary" type="submit">
            {state.kind === 'busy' ? say('exporting') : say('exportNow')}
          </Button>
        </>
      }
    >
      <Field
        label={say('passphrase')}
        hint={say('passphraseHint')}
        problem={state.kind === 'empty' ? say('passphraseEmpty') : undefined}
      >
        <TextInput
          type={type}
          autoComplete="new-password"
          value={first}
          onChange={(event) => {
            setFirst(event.currentTarget.value);
            forget();
          }}
        />
      </Field>
      <Field label={say('passphraseAgain')} problem={problemOf(state, say('passphraseDiffer'))}>
        <TextInput
          type={type}
          autoComplete="new-password"
          value={again}
          onChange={(event) => {
            setAgain(event.currentTarget.value);
            forget();
          }}
        />
      </Field>
      <Checkbox label={say('showPassphrase')} checked={isShown} onChange={setShown} />
    </Dialog>
  );
}

function problemOf(state: Exporting, different: string): string | undefined {
  if (state.kind === 'different') return different;
  return state.kind === 'failed' ? state.text : undefined;
}

interface Export {
  readonly state: Exporting;
  readonly forget: () => void;
  readonly run: (passphrase: string, again: string) => Promise<void>;
}

function useExport(onClose: () => void): Export {
  const { say } = useWords(SETTINGS);
  const language = useLanguage();
  const { toasts } = usePage();
  const ask = useAsk();
  const [state, setState] = useState<Exporting>({ kind: 'asked' });
  const isGone = useRef(false);
  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
    };
  }, []);
  const run = async (passphrase: string, again: string): Promise<void> => {
    if (state.kind === 'busy') return;
    if (passphrase === '') return setState({ kind: 'empty' });
    if (passphrase !== again) return setState({ kind: 'different' });
    setState({ kind: 'busy' });
    const outcome = await ask('backup', { passphrase });
    if (isGone.current) return;
    if (!outcome.ok) {
      const text = `${say('exportFailed')} ${sayFailure(outcome.error, language)}`;
      return setState({ kind: 'failed', text });
    }
    const file = backupFileName(new Date());
    download(file, new Blob([outcome.value.backup], { type: 'text/plain' }));
    toasts.add({ kind: 'done', text: say('exported', { file }), code: null });
    onClose();
  };
  return { state, forget: () => setState({ kind: 'asked' }), run };
}

/** `porthole-identity-2026-11-21.txt`. */
function backupFileName(now: Date): string {
  const [month, day] = [now.getMonth() + 1, now.getDate()].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `porthole-identity-${now.getFullYear()}-${month}-${day}.txt`;
}
