/** A code as a picture: always dark on white, with the quiet zone that cameras need (ISO/IEC 18004). */
import { encodeQR } from 'qr';
import { useMemo } from 'react';
import type { ReactNode } from 'react';
import styles from './qr-code.module.css';

/** Modules of white around the code. */
const QUIET_ZONE = 4;

export interface QrCodeProps {
  /** At most what fits version 40. */
  readonly text: string;
  /** What it is, for those who do not see it. */
  readonly label: string;
}

export function QrCode({ text, label }: QrCodeProps): ReactNode {
  const { path, size } = useMemo(() => pathOf(text), [text]);
  return (
    <svg viewBox={`0 0 ${size} ${size}`} className={styles.qr} role="img" aria-label={label}>
      <path d={path} fill="currentColor" />
    </svg>
  );
}

/** One rectangle for each run of dark modules of a line. */
function pathOf(text: string): { readonly path: string; readonly size: number } {
  const lines = encodeQR(text, 'raw', { border: QUIET_ZONE, ecc: 'medium' });
  const runs = lines.flatMap((line, y) => runsOf(line).map(([x, w]) => `M${x} ${y}h${w}v1h-${w}z`));
  return { path: runs.join(''), size: lines.length };
}

function runsOf(line: readonly boolean[]): [start: number, length: number][] {
  const runs: [number, number][] = [];
  let start = 0;
  line.forEach((isDark, x) => {
    if (!isDark) return;
    const last = runs.at(-1);
    if (last !== undefined && x > 0 && line[x - 1] === true) last[1] = x - start + 1;
    else runs.push([(start = x), 1]);
  });
  return runs;
}
