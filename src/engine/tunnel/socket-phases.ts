/**
 * The life of one socket as a total table: every phase with everything that can happen in it,
 * "too early" and "too late" written out.
 *
 *   early     frames came, CONNECT has not: they wait in the reassembler
 *   dialing   CONNECT came, the target has not answered: data is held within its credit
 *   open      both ends are there; each direction ends by itself with a FIN
 *   closing   this side ended both directions with a CLOSE that is not acknowledged yet
 *   finished  nothing is left to say; sequenced frames that still come are only acknowledged
 *
 * An opener starts in `open`: its application's connection was accepted, whatever the target does.
 */
export type SocketPhase = 'early' | 'dialing' | 'open' | 'closing' | 'finished';

export type SocketEvent =
  /** Frames, once they are next in order (a CLOSE that acts at once: when it arrives). */
  | 'connect-arrived'
  | 'data-arrived'
  | 'fin-arrived'
  | 'close-arrived'
  /** Too many or too large frames wait for a CONNECT. */
  | 'early-limit'
  /** The target answered, or it did not. */
  | 'dialed'
  | 'dial-failed'
  /** The peer may not use the share of this socket any more; only a socket it opened has one. */
  | 'share-closed'
  /** The local application. */
  | 'local-data'
  | 'local-end'
  | 'local-reset'
  /** Both directions have ended with a FIN, and the peer has acknowledged ours. */
  | 'ends-acknowledged'
  /** The peer has acknowledged our CLOSE. */
  | 'close-acknowledged'
  /** The session is over: the peer does not know this socket any more. */
  | 'session-lost';

export type SocketAction =
  /** Too late or of no use: nothing to do. */
  | 'ignore'
  /** The peer broke the protocol: the link ends with E_PROTOCOL. */
  | 'violation'
  /** Cannot happen: E_INTERNAL, for a bug of ours. */
  | 'bug'
  /** Ask for the target of the share. */
  | 'dial'
  /** Hold data, or the end of it, until the target answers. */
  | 'hold-data'
  | 'hold-end'
  /** Give data, or the end of it, to the local application. */
  | 'write'
  | 'end-local'
  /** Count the bytes as consumed and drop them, so that the peer never waits for us. */
  | 'discard'
  /** Start the connection to the target, held data first. */
  | 'attach'
  /** CLOSE at once, with the reason. */
  | 'refuse'
  /** Stop dialing; the opener does not want it any more. */
  | 'abandon-dial'
  /** Stop dialing, or reset the target's connection; CLOSE at once, with the reason. */
  | 'cancel-dial'
  | 'cut-off'
  /** Send what the local application sent; FIN behind it; CLOSE behind it. */
  | 'send-data'
  | 'send-fin'
  | 'send-reset'
  /** RST to the local application, behind what was written to it. */
  | 'reset-local'
  /** A connection to a target that nobody wants any more. */
  | 'drop-dialed'
  /** Let go of everything. */
  | 'release';

interface Step {
  readonly to: SocketPhase;
  readonly act: SocketAction;
}

function step(to: SocketPhase, act: SocketAction): Step {
  return { to, act };
}

export const SOCKET_PHASES: Record<SocketPhase, Record<SocketEvent, Step>> = {
  early: {
    'connect-arrived': step('dialing', 'dial'),
    // The first frame in order must be CONNECT.
    'data-arrived': step('early', 'violation'),
    'fin-arrived': step('early', 'violation'),
    // At once, so before CONNECT: the opener gave up. CONNECT, when it comes, is too late.
    'close-arrived': step('finished', 'release'),
    'early-limit': step('closing', 'refuse'),
    dialed: step('early', 'bug'),
    'dial-failed': step('early', 'bug'),
    'share-closed': step('early', 'bug'),
    'local-data': step('early', 'bug'),
    'local-end': step('early', 'bug'),
    'local-reset': step('early', 'bug'),
    'ends-acknowledged': step('early', 'bug'),
    'close-acknowledged': step('early', 'bug'),
    'session-lost': step('finished', 'release'),
  },
  dialing: {
    'connect-arrived': step('dialing', 'violation'),
    'data-arrived': step('dialing', 'hold-data'),
    'fin-arrived': step('dialing', 'hold-end'),
    'close-arrived': step('finished', 'abandon-dial'),
    'early-limit': step('dialing', 'bug'),
    dialed: step('open', 'attach'),
    'dial-failed': step('closing', 'refuse'),
    'share-closed': step('closing', 'cancel-dial'),
    'local-data': step('dialing', 'bug'),
    'local-end': step('dialing', 'bug'),
    'local-reset': step('dialing', 'bug'),
    'ends-acknowledged': step('dialing', 'bug'),
    'close-acknowledged': step('dialing', 'bug'),
    'session-lost': step('finished', 'abandon-dial'),
  },
  open: {
    'connect-arrived': step('open', 'violation'),
    'data-arrived': step('open', 'write'),
    'fin-arrived': step('open', 'end-local'),
    'close-arrived': step('finished', 'reset-local'),
    'early-limit': step('open', 'bug'),
    dialed: step('open', 'bug'),
    'dial-failed': step('open', 'bug'),
    'share-closed': step('closing', 'cut-off'),
    'local-data': step('open', 'send-data'),
    'local-end': step('open', 'send-fin'),
    'local-reset': step('closing', 'send-reset'),
    'ends-acknowledged': step('finished', 'release'),
    'close-acknowledged': step('open', 'bug'),
    'session-lost': step('finished', 'reset-local'),
  },
  closing: {
    'connect-arrived': step('closing', 'ignore'),
    'data-arrived': step('closing', 'discard'),
    'fin-arrived': step('closing', 'ignore'),
    // Both sides closed at the same time; each takes the other's word for it.
    'close-arrived': step('finished', 'release'),
    'early-limit': step('closing', 'ignore'),
    dialed: step('closing', 'drop-dialed'),
    'dial-failed': step('closing', 'ignore'),
    // What is still on its way to the peer is dropped.
    'share-closed': step('closing', 'refuse'),
    'local-data': step('closing', 'ignore'),
    'local-end': step('closing', 'ignore'),
    'local-reset': step('closing', 'ignore'),
    'ends-acknowledged': step('closing', 'ignore'),
    'close-acknowledged': step('finished', 'release'),
    'session-lost': step('finished', 'release'),
  },
  finished: {
    'connect-arrived': step('finished', 'ignore'),
    'data-arrived': step('finished', 'ignore'),
    'fin-arrived': step('finished', 'ignore'),
    'close-arrived': step('finished', 'ignore'),
    'early-limit': step('finished', 'ignore'),
    dialed: step('finished', 'drop-dialed'),
    'dial-failed': step('finished', 'ignore'),
    'share-closed': step('finished', 'ignore'),
    'local-data': step('finished', 'ignore'),
    'local-end': step('finished', 'ignore'),
    'local-reset': step('finished', 'ignore'),
    'ends-acknowledged': step('finished', 'ignore'),
    'close-acknowledged': step('finished', 'ignore'),
    'session-lost': step('finished', 'ignore'),
  },
};
