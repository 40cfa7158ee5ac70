/**
 * The camera, as long as somebody looks through it.
 *
 * Invariant: its light is on only between `openCamera` and `stop`; a camera that opens after the
 * caller has gone is stopped at once.
 */

/** Why there is no picture. */
export type CameraProblem = 'denied' | 'none' | 'busy' | 'unsupported';

export type CameraOutcome =
  | { readonly kind: 'open'; readonly stream: MediaStream; stop(): void }
  | { readonly kind: 'problem'; readonly problem: CameraProblem };

/** On phones and tablets the one at the back. Enough pixels for the largest code at arm's length. */
const WANTED: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } },
};

/** Never rejects. */
export async function openCamera(signal: AbortSignal): Promise<CameraOutcome> {
  // Not there on pages that are not secure contexts.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) return { kind: 'problem', problem: 'unsupported' };
  try {
    const stream = await devices.getUserMedia(WANTED);
    const stop = (): void => {
      for (const track of stream.getTracks()) track.stop();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    return { kind: 'open', stream, stop };
  } catch (thrown) {
    return { kind: 'problem', problem: problemOf(thrown) };
  }
}

/** By the names of W3C Media Capture and Streams, getUserMedia. */
export function problemOf(thrown: unknown): CameraProblem {
  const name = thrown instanceof Error ? thrown.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'none';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'unsupported';
  }
}
