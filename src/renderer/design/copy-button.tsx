/** Copies a text, and says so in its own place and aloud. */
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { COMMON } from '../../shared/messages/common.ts';
import { usePage } from '../state/use-page.ts';
import { useWords } from '../state/words.ts';
import { Button } from './button.tsx';
import { IconButton } from './icon-button.tsx';
import { useAnnounce } from './live-region.tsx';

/** How long it says so. */
const COPIED_MS = 2000;

export interface CopyButtonProps {
  /** What gets copied. */
  readonly text: string;
  /** What the button is called. */
  readonly label: string;
  /** @default 'icon' */
  readonly look?: 'icon' | 'plain' | 'primary' | 'quiet';
  /** What the tooltip of an icon says. @default label */
  readonly tip?: string;
}

export function CopyButton({ text, label, tip, look = 'icon' }: CopyButtonProps): ReactNode {
  const { say } = useWords(COMMON);
  const { isCopied, copy } = useCopy();
  const icon = isCopied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />;
  if (look === 'icon') {
    return (
      <IconButton
        label={label}
        tip={isCopied ? say('copied') : (tip ?? label)}
        onClick={() => void copy(text)}
      >
        {icon}
      </IconButton>
    );
  }
  return (
    <Button look={look} icon={icon} onClick={() => void copy(text)}>
      {isCopied ? say('copied') : label}
    </Button>
  );
}

/** Copies a text, and knows for a while that it did. */
export function useCopy(): {
  readonly isCopied: boolean;
  readonly copy: (text: string) => Promise<void>;
} {
  const { say } = useWords(COMMON);
  const { toasts } = usePage();
  const announce = useAnnounce();
  const [copies, setCopies] = useState(0);
  useEffect(() => {
    if (copies === 0) return undefined;
    const timer = setTimeout(() => setCopies(0), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copies]);
  const copy = async (text: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopies((count) => count + 1);
      announce(say('copied'));
    } catch {
      toasts.add({ kind: 'failed', text: say('failed'), code: null });
    }
  };
  return { isCopied: copies > 0, copy };
}
