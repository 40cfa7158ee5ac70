/** Which keys do what. */
import { Fragment } from 'react';
import type { ReactNode } from 'react';
import { COMMON } from '../../shared/messages/common.ts';
import { Dialog } from '../design/dialog.tsx';
import { useShell } from '../state/use-page.ts';
import { useWords } from '../state/words.ts';
import styles from './shortcuts-dialog.module.css';

export function ShortcutsDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { say } = useWords(COMMON);
  const command = useShell()?.platform === 'macos' ? '⌘' : 'Ctrl';
  const shortcuts: readonly (readonly [text: string, keys: readonly string[]])[] = [
    [say('shortcutPages'), [command, '1 … 4']],
    [say('shortcutShare'), [command, 'N']],
    [say('shortcutAdd'), [command, 'D']],
    [say('shortcutFilter'), [command, 'F']],
    [say('shortcutRescan'), ['F5']],
    [say('shortcutRows'), ['↑', '↓', '←', '→']],
    [say('shortcutClose'), ['Esc']],
    [say('shortcutHelp'), ['?']],
  ];
  return (
    <Dialog title={say('shortcuts')} onClose={onClose}>
      <dl className={styles.list}>
        {shortcuts.map(([text, keys]) => (
          <Fragment key={text}>
            <dt>{text}</dt>
            <dd className={styles.keys}>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
