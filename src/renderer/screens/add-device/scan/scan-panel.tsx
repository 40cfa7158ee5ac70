/** What the camera sees, until it sees the code. */
import { useEffect, useRef, useState } from 'react';
import type { ReactNode, RefObject } from 'react';
import { COMMON } from '../../../../shared/messages/common.ts';
import { PAIRING } from '../../../../shared/messages/pairing.ts';
import { Banner } from '../../../design/banner.tsx';
import { Button } from '../../../design/button.tsx';
import { useAct, useAsk, useShell } from '../../../state/use-page.ts';
import { useWords } from '../../../state/words.ts';
import { StageHeading } from '../stage-heading.tsx';
import { openCamera } from './camera.ts';
import type { CameraProblem } from './camera.ts';
import { QrReader } from './qr-reader.ts';
import styles from './scan-panel.module.css';
import { scanVideo } from './scan-video.ts';

export interface ScanPanelProps {
  /** Whether it is a code of the kind that is looked for. */
  readonly isWanted: (text: string) => boolean;
  readonly onText: (text: string) => void;
  readonly onClose: () => void;
}

type Scan =
  | { readonly kind: 'starting' }
  | { readonly kind: 'looking'; readonly seen: 'nothing' | 'other' }
  | { readonly kind: 'problem'; readonly problem: CameraProblem };

export function ScanPanel(props: ScanPanelProps): ReactNode {
  const { say } = useWords(PAIRING);
  const [tries, setTries] = useState(0);
  return (
    <div className={styles.panel}>
      <StageHeading>{say('scanTitle')}</StageHeading>
      <Viewfinder key={tries} {...props} onRetry={() => setTries((count) => count + 1)} />
      <Button onClick={props.onClose}>{say('stopScan')}</Button>
    </div>
  );
}

/** The camera is on as long as it is there, and not a moment longer. */
function Viewfinder(props: ScanPanelProps & { readonly onRetry: () => void }): ReactNode {
  const { say } = useWords(PAIRING);
  const video = useRef<HTMLVideoElement>(null);
  const scan = useScan(video, props);
  if (scan.kind === 'problem') return <Problem problem={scan.problem} onRetry={props.onRetry} />;
  return (
    <>
      <div className={styles.picture}>
        <video ref={video} muted playsInline aria-label={say('scanVideo')} />
        <span className={styles.frame} aria-hidden="true" />
      </div>
      <output>{say(hintOf(scan))}</output>
    </>
  );
}

function hintOf(
  scan: Exclude<Scan, { kind: 'problem' }>,
): 'scanStarting' | 'scanHint' | 'scanOther' {
  if (scan.kind === 'starting') return 'scanStarting';
  return scan.seen === 'other' ? 'scanOther' : 'scanHint';
}

function useScan(video: RefObject<HTMLVideoElement | null>, props: ScanPanelProps): Scan {
  const ask = useAsk();
  const [scan, setScan] = useState<Scan>({ kind: 'starting' });
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  useEffect(() => {
    const gone = new AbortController();
    const look = async (): Promise<void> => {
      const permit = await ask('camera', {});
      if (permit.ok && permit.value.access === 'denied') {
        return setScan({ kind: 'problem', problem: 'denied' });
      }
      const camera = await openCamera(gone.signal);
      if (gone.signal.aborted) return;
      if (camera.kind === 'problem') return setScan({ kind: 'problem', problem: camera.problem });
      const text = await watch({
        video: video.current,
        stream: camera.stream,
        signal: gone.signal,
        onPlaying: () => setScan({ kind: 'looking', seen: 'nothing' }),
        onOther: () => setScan({ kind: 'looking', seen: 'other' }),
        isWanted: (found) => latest.current.isWanted(found),
      });
      camera.stop();
      if (text !== undefined) latest.current.onText(text);
    };
    void look();
    return () => gone.abort();
  }, [ask, video]);
  return scan;
}

interface Watching {
  readonly video: HTMLVideoElement | null;
  readonly stream: MediaStream;
  readonly signal: AbortSignal;
  readonly onPlaying: () => void;
  /** A code was seen that is not what is looked for. */
  readonly onOther: () => void;
  readonly isWanted: (text: string) => boolean;
}

async function watch({ video, stream, signal, ...on }: Watching): Promise<string | undefined> {
  if (video === null) return undefined;
  video.srcObject = stream;
  // It rejects when the panel goes before the first frame.
  await video.play().catch(() => {});
  if (signal.aborted) return undefined;
  on.onPlaying();
  const reader = new QrReader();
  const isWanted = (text: string): boolean => {
    const isIt = on.isWanted(text);
    if (!isIt) on.onOther();
    return isIt;
  };
  try {
    return await scanVideo({ video, reader, signal, isWanted });
  } finally {
    reader.close();
    video.srcObject = null;
  }
}

const SENTENCES = {
  denied: 'cameraDenied',
  none: 'cameraNone',
  busy: 'cameraBusy',
  unsupported: 'cameraUnsupported',
} as const;

function Problem({
  problem,
  onRetry,
}: {
  readonly problem: CameraProblem;
  readonly onRetry: () => void;
}): ReactNode {
  const { say } = useWords(PAIRING);
  const { say: sayCommon } = useWords(COMMON);
  const act = useAct();
  const isDesktop = useShell()?.kind === 'desktop';
  return (
    <div role="alert">
      <Banner
        mood="wait"
        title={say(SENTENCES[problem])}
        actions={
          <>
            {problem === 'denied' && isDesktop && (
              <Button
                look="quiet"
                size="small"
                onClick={() => void act('openSystemSettings', { about: 'camera' })}
              >
                {say('openSystemSettings')}
              </Button>
            )}
            <Button look="quiet" size="small" onClick={onRetry}>
              {sayCommon('tryAgain')}
            </Button>
          </>
        }
      />
    </div>
  );
}
