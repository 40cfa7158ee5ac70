/**
 * A dialog: it keeps the focus inside while it is there, and gives it back. It is there as long as
 * it is rendered; Escape, the veil and its close button ask for its end.
 */
import { Dialog as BaseDialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { useRef } from 'react';
import type { FormEvent, ReactNode, RefObject } from 'react';
import { COMMON } from '../../shared/messages/common.ts';
import { useWords } from '../state/words.ts';
import { cx } from './cx.ts';
import styles from './dialog.module.css';
import { IconButton } from './icon-button.tsx';

export interface DialogProps {
  readonly title: ReactNode;
  readonly description?: ReactNode;
  /** Buttons, the main one last. */
  readonly footer?: ReactNode;
  /** @default 'normal' */
  readonly size?: 'normal' | 'wide';
  /** What gets the focus first. @default the first control */
  readonly initialFocus?: RefObject<HTMLElement | null>;
  readonly onClose: () => void;
  /** With it, Enter in a field does what the main button (type `submit`) does. */
  readonly onSubmit?: () => void;
  readonly children?: ReactNode;
}

export function Dialog(props: DialogProps): ReactNode {
  const opener = useRef(openerOf(document.activeElement));
  return (
    <BaseDialog.Root open onOpenChange={(isOpen) => !isOpen && props.onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={styles.veil} />
        <BaseDialog.Popup
          className={cx(styles.popup, props.size === 'wide' && styles.wide)}
          initialFocus={props.initialFocus ?? firstControl}
          finalFocus={opener}
        >
          <Body {...props} />
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  );
}

/** The first of the content, or else of the buttons below it. A tab gets the focus only if it is the one that is open. */
function firstControl(): HTMLElement | true {
  const body = document.querySelector<HTMLElement>('[data-dialog-body]');
  const foot = document.querySelector<HTMLElement>('[data-dialog-foot]');
  const controls =
    'input:not([aria-hidden]), textarea, select, button:not([aria-selected="false"]), a[href], [tabindex="0"]';
  const control = body?.querySelector<HTMLElement>(controls);
  return control ?? foot?.querySelector<HTMLElement>(controls) ?? true;
}

/** What gets the focus back. A menu is gone by then, and its button is what opened it. */
function openerOf(focused: Element | null): HTMLElement | null {
  const menu = focused?.closest('[role="menu"]');
  const button = document.getElementById(menu?.getAttribute('aria-labelledby') ?? '');
  return button ?? (focused instanceof HTMLElement ? focused : null);
}

/** A form does not have to be a box of its own. */
function Body({ onSubmit, ...props }: DialogProps): ReactNode {
  if (onSubmit === undefined) return <Content {...props} />;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Content {...props} />
    </form>
  );
}

function Content({ title, description, footer, children }: DialogProps): ReactNode {
  const { say } = useWords(COMMON);
  return (
    <>
      <header className={styles.head}>
        <BaseDialog.Title className={styles.title}>{title}</BaseDialog.Title>
        <BaseDialog.Close render={<IconButton label={say('close')} />}>
          <X aria-hidden="true" />
        </BaseDialog.Close>
      </header>
      <div className={styles.body} data-dialog-body="">
        {description !== undefined && (
          <BaseDialog.Description className={styles.description}>
            {description}
          </BaseDialog.Description>
        )}
        {children}
      </div>
      {footer === undefined ? (
        <span />
      ) : (
        <footer className={styles.foot} data-dialog-foot="">
          {footer}
        </footer>
      )}
    </>
  );
}
