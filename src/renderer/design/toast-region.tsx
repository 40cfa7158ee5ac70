/** Shows short messages; the live region next to it reads them out. */
import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { COMMON } from '../../shared/messages/common.ts';
import { TOAST_MS } from '../state/toasts.ts';
import type { Toast } from '../state/toasts.ts';
import { usePage } from '../state/use-page.ts';
import { useStore } from '../state/store.ts';
import { useWords } from '../state/words.ts';
import { cx } from './cx.ts';
import { IconButton } from './icon-button.tsx';
import { useAnnounce } from './live-region.tsx';
import styles from './toast-region.module.css';

export function ToastRegion(): ReactNode {
  const { toasts } = usePage();
  const { say } = useWords(COMMON);
  const shown = useStore(toasts.shown);
  return (
    <section aria-label={say('notificationsRegion')} className={styles.region}>
      {shown.map((toast) => (
        <ToastCard key={toast.number} toast={toast} onEnd={() => toasts.remove(toast.number)} />
      ))}
    </section>
  );
}

function ToastCard({
  toast,
  onEnd,
}: {
  readonly toast: Toast;
  readonly onEnd: () => void;
}): ReactNode {
  const { say } = useWords(COMMON);
  const announce = useAnnounce();
  const text = useRef<HTMLParagraphElement>(null);
  useEffect(() => announce(text.current?.textContent ?? ''), [announce, toast.text]);
  useEffect(() => {
    const timer = setTimeout(onEnd, TOAST_MS[toast.kind]);
    return () => clearTimeout(timer);
    // One timer for a message's life, whatever is drawn meanwhile.
    // oxlint-disable-next-line react/exhaustive-deps -- onEnd is new each time it is drawn
  }, [toast.number, toast.kind]);
  const Icon = toast.kind === 'failed' ? CircleAlert : CircleCheck;
  return (
    <div className={cx(styles.toast, styles[toast.kind])}>
      <Icon aria-hidden="true" />
      <div className={styles.text}>
        <p ref={text}>{toast.text}</p>
        {toast.code !== null && (
          <details className={styles.details}>
            <summary>{say('details')}</summary>
            <code>{toast.code}</code>
          </details>
        )}
      </div>
      <IconButton label={say('dismiss')} onClick={onEnd}>
        <X aria-hidden="true" />
      </IconButton>
    </div>
  );
}
