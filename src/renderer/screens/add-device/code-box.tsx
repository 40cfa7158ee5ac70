/**
 * A box for a code, with all the ways one gets into it. What is in the box is never taken away by a
 * failure.
 */
import { Camera, ClipboardPaste, Image } from 'lucide-react';
import { useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode, Ref } from 'react';
import { flushSync } from 'react-dom';
import { PAIRING } from '../../../shared/messages/pairing.ts';
import { Button } from '../../design/button.tsx';
import { Field, TextArea } from '../../design/field.tsx';
import { useShell } from '../../state/use-page.ts';
import { useWords } from '../../state/words.ts';
import styles from './add-device.module.css';
import { codeTextOf } from './code-text.ts';
import type { CodeText } from './code-text.ts';
import { pictureIn } from './scan/read-picture.ts';
import { ScanPanel } from './scan/scan-panel.tsx';
import { usePictureReader } from './scan/use-picture-reader.ts';
import { CODE_CHARS_MAX } from '../../../shared/page-limits.ts';
import type { PictureMessage } from './scan/use-picture-reader.ts';

export interface CodeBoxProps {
  readonly expected: 'pair' | 'answer';
  readonly label: string;
  readonly hint: string;
  readonly text: string;
  /** What the engine said of the text, until it is changed. */
  readonly problem?: string | undefined;
  readonly onText: (text: string) => void;
  /** A code of the expected kind came from the camera or a picture. */
  readonly onRead: (text: string) => void;
  readonly onEnter?: () => void;
  readonly ref?: Ref<HTMLTextAreaElement>;
}

export function CodeBox(props: CodeBoxProps): ReactNode {
  const [isScanning, setScanning] = useState(false);
  const isWanted = (text: string): boolean => fits(codeTextOf(text), props.expected);
  if (!isScanning) {
    return <PasteBox {...props} isWanted={isWanted} onScan={() => setScanning(true)} />;
  }
  return (
    <ScanPanel
      isWanted={isWanted}
      onText={(text) => {
        setScanning(false);
        props.onRead(text);
      }}
      onClose={() => {
        flushSync(() => setScanning(false));
        document.querySelector<HTMLElement>('[data-scan-button]')?.focus();
      }}
    />
  );
}

interface PasteBoxProps extends CodeBoxProps {
  readonly isWanted: (text: string) => boolean;
  readonly onScan: () => void;
}

function PasteBox({ ref = null, ...props }: PasteBoxProps): ReactNode {
  const { expected, text, hint, isWanted, onText, onRead } = props;
  const { say } = useWords(PAIRING);
  const [paste, setPaste] = useState<PasteProblem | null>(null);
  const picture = usePictureReader(isWanted, onRead);
  const change = (next: string): void => {
    setPaste(null);
    picture.forget();
    onText(next);
  };
  const code = codeTextOf(text);
  const complaint = complaintOf(code, expected);
  return (
    <DropZone onText={change} onPicture={(file) => void picture.read(file)}>
      <Field
        label={props.label}
        hint={code.kind === 'offline' && expected === 'pair' ? say('looksOffline') : hint}
        problem={complaint === null ? props.problem : say(complaint)}
      >
        <TextArea
          ref={ref}
          value={text}
          maxLength={CODE_CHARS_MAX}
          placeholder={PLACEHOLDERS[expected]}
          className={styles.code}
          onChange={(event) => change(event.currentTarget.value)}
          onKeyDown={(event) => onEnterKey(event, props.onEnter)}
          onPaste={(event) => {
            const pasted = pictureIn(event.clipboardData);
            if (pasted === undefined) return;
            event.preventDefault();
            void picture.read(pasted);
          }}
        />
      </Field>
      <div className={styles.ways}>
        <Button
          icon={<ClipboardPaste aria-hidden="true" />}
          onClick={() => void pasteInto(change, setPaste)}
        >
          {say('pasteButton')}
        </Button>
        <Button icon={<Camera aria-hidden="true" />} data-scan-button="" onClick={props.onScan}>
          {say('scanButton')}
        </Button>
        <PictureButton onPicture={(file) => void picture.read(file)} />
      </div>
      <Remark paste={paste} picture={picture.message} />
    </DropZone>
  );
}

type PasteProblem = 'pasteDenied' | 'pasteEmpty';

interface RemarkProps {
  readonly paste: PasteProblem | null;
  readonly picture: PictureMessage | null;
}

function Remark({ paste, picture }: RemarkProps): ReactNode {
  const { say } = useWords(PAIRING);
  const keys = useShell()?.platform === 'macos' ? '⌘V' : 'Ctrl+V';
  return (
    <output className={styles.remark}>
      {picture !== null && say(picture)}
      {picture === null && paste === 'pasteEmpty' && say(paste)}
      {picture === null && paste === 'pasteDenied' && say(paste, { keys })}
    </output>
  );
}

interface DropZoneProps {
  readonly onText: (text: string) => void;
  readonly onPicture: (file: File) => void;
  readonly children: ReactNode;
}

function DropZone({ onText, onPicture, children }: DropZoneProps): ReactNode {
  const { say } = useWords(PAIRING);
  const [isOver, setOver] = useState(false);
  return (
    // Dropping is one more way for those who can; the buttons do the same.
    <div
      className={styles.box}
      data-drop={isOver ? say('dropHere') : undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const dropped = pictureIn(event.dataTransfer);
        if (dropped === undefined) onText(event.dataTransfer.getData('text'));
        else onPicture(dropped);
      }}
    >
      {children}
    </div>
  );
}

const PLACEHOLDERS = { pair: 'porthole://pair#…', answer: 'porthole://answer#…' } as const;

function PictureButton({ onPicture }: Pick<DropZoneProps, 'onPicture'>): ReactNode {
  const { say } = useWords(PAIRING);
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button icon={<Image aria-hidden="true" />} onClick={() => input.current?.click()}>
        {say('pictureButton')}
      </Button>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // The same file again is another choice.
          event.currentTarget.value = '';
          if (file !== undefined) onPicture(file);
        }}
      />
    </>
  );
}

/** Only when a person pressed the button for it. */
async function pasteInto(
  change: (text: string) => void,
  complain: (about: PasteProblem) => void,
): Promise<void> {
  try {
    const text = await navigator.clipboard.readText();
    if (text.trim() === '') complain('pasteEmpty');
    else change(text);
  } catch {
    complain('pasteDenied');
  }
}

/** A code has no lines, so Enter means that it is complete. */
function onEnterKey(event: KeyboardEvent, onEnter: (() => void) | undefined): void {
  if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
  event.preventDefault();
  onEnter?.();
}

function fits({ kind }: CodeText, expected: 'pair' | 'answer'): boolean {
  return expected === 'answer' ? kind === 'answer' : kind === 'invite' || kind === 'offline';
}

/** What keeps the text from being used; null while nothing does. */
function complaintOf(
  code: CodeText,
  expected: 'pair' | 'answer',
): 'invalid' | 'damaged' | 'answerDamaged' | 'looksAnswer' | 'looksPair' | null {
  if (code.kind === 'empty' || fits(code, expected)) return null;
  if (code.kind === 'damaged') return code.of === 'answer' ? 'answerDamaged' : 'damaged';
  if (code.kind === 'answer') return 'looksAnswer';
  return code.kind === 'other' ? 'invalid' : 'looksPair';
}
