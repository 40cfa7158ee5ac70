/** Where Porthole is when its window is closed: a screen of this system, with the icon on it. */
import type { ReactNode } from 'react';
import type { ShellView } from '../../../shared/shell-calls.ts';
import styles from './tray-picture.module.css';

export interface TrayPictureProps {
  readonly platform: ShellView['platform'];
  readonly label: string;
}

/** The edge of the screen with the icons, and where on it Porthole's is. */
const BARS = {
  macos: { y: 0, height: 14, icon: 196, others: [168, 182, 214, 228], buttons: [10, 26, 40] },
  linux: { y: 0, height: 14, icon: 204, others: [218, 230], buttons: [12] },
  windows: { y: 122, height: 18, icon: 176, others: [190, 204, 222], buttons: [92, 108, 124, 140] },
} as const;

export function TrayPicture({ platform, label }: TrayPictureProps): ReactNode {
  const bar = BARS[platform];
  const middle = bar.y + bar.height / 2;
  return (
    <svg viewBox="0 0 240 140" className={styles.picture} role="img" aria-label={label}>
      <rect width="240" height="140" rx="10" className={styles.screen} />
      <path
        className={styles.wave}
        d="M0 92c20-10 40-10 60 0s40 10 60 0 40-10 60 0 40 10 60 0v38a10 10 0 0 1-10 10H10a10 10 0 0 1-10-10z"
      />
      <rect
        y={bar.y}
        width="240"
        height={bar.height}
        className={styles.bar}
        clipPath="inset(0 round 10px)"
      />
      {bar.buttons.map((x) => (
        <rect key={x} x={x} y={middle - 3} width="10" height="6" rx="1.5" className={styles.item} />
      ))}
      {bar.others.map((x) => (
        <circle key={x} cx={x} cy={middle} r="3" className={styles.item} />
      ))}
      <circle cx={bar.icon} cy={middle} r="13" className={styles.halo} />
      <circle cx={bar.icon} cy={middle} r="5" className={styles.ring} />
      <circle cx={bar.icon} cy={middle} r="2.4" className={styles.dot} />
    </svg>
  );
}
