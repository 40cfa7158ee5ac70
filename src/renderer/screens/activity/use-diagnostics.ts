/** Copies the text for a bug report, and says whether it could. */
import { useRef } from 'react';
import { ACTIVITY } from '../../../shared/messages/activity.ts';
import { usePage, useAct } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';

/** A second press while the first is answered does nothing; the button keeps the focus. */
export function useDiagnostics(): () => Promise<void> {
  const { say } = useWords(ACTIVITY);
  const { toasts } = usePage();
  const act = useAct();
  const isAsking = useRef(false);
  return async () => {
    if (isAsking.current) return;
    isAsking.current = true;
    const outcome = await act('diagnostics', {});
    isAsking.current = false;
    if (!outcome.ok) return;
    try {
      await navigator.clipboard.writeText(outcome.value.text);
      toasts.add({ kind: 'done', text: say('diagnosticsCopied'), code: null });
    } catch {
      toasts.add({ kind: 'failed', text: say('diagnosticsFailed'), code: null });
    }
  };
}
