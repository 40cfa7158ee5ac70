/** Reads codes from pictures that a person gives, and says what came of it. */
import { useEffect, useRef, useState } from 'react';
import { QrReader } from './qr-reader.ts';
import { readPicture } from './read-picture.ts';

/** Keys of the messages of pairing. */
export type PictureMessage =
  | 'readingPicture'
  | 'pictureWithout'
  | 'pictureUnreadable'
  | 'pictureOther';

export interface PictureReader {
  /** What to say of the last picture; null when there is nothing to say. */
  readonly message: PictureMessage | null;
  readonly read: (picture: Blob) => Promise<void>;
  readonly forget: () => void;
}

/** A newer picture takes the place of the one before. */
export function usePictureReader(
  isWanted: (text: string) => boolean,
  onText: (text: string) => void,
): PictureReader {
  const [message, setMessage] = useState<PictureMessage | null>(null);
  const current = useRef<QrReader | null>(null);
  useEffect(() => () => current.current?.close(), []);
  const read = async (picture: Blob): Promise<void> => {
    current.current?.close();
    const reader = new QrReader();
    current.current = reader;
    setMessage('readingPicture');
    const outcome = await readPicture(picture, reader);
    reader.close();
    if (current.current !== reader) return;
    if (outcome.kind === 'found' && isWanted(outcome.text)) {
      setMessage(null);
      onText(outcome.text);
    } else {
      setMessage(MESSAGES[outcome.kind]);
    }
  };
  return { message, read, forget: () => setMessage(null) };
}

const MESSAGES = {
  found: 'pictureOther',
  nothing: 'pictureWithout',
  unreadable: 'pictureUnreadable',
} as const;
