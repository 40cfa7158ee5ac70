/**
 * The handler of one socket: all its state lives here, in both roles. The opener's side has the
 * application's connection from the start; the other side dials the target when CONNECT comes.
 *
 * Invariant: what may happen when stands in the table of socket-phases.ts and nowhere else. The two
 * directions share nothing but the phase: neither ever waits for the other.
 */
import { EARLY_CREDIT_BYTES, EARLY_FRAMES_MAX, RESET_LINGER_MS } from '../../shared/limits.ts';
import { codeOfWire, ERRORS, portholeError } from '../../shared/errors.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import {
  encodeCredit,
  FRAME,
  parseClose,
  parseConnect,
  parseOffset,
  protocolViolation,
} from '../protocol/frame.ts';
import type { ClosePayload, Frame } from '../protocol/frame.ts';
import { serialAdd } from '../protocol/serial.ts';
import type { WindowBudget } from '../protocol/credit.ts';
import type { Gate } from './gate.ts';
import { IncomingStream } from './incoming-stream.ts';
import type { LocalConnection, LocalEvents } from './local-connection.ts';
import { OutgoingStream } from './outgoing-stream.ts';
import { SOCKET_PHASES } from './socket-phases.ts';
import type { SocketAction, SocketEvent, SocketPhase } from './socket-phases.ts';

/** How far one side has got with what the other sends on a socket. */
export interface SocketState {
  readonly id: number;
  /** Next sequence number expected: all below have arrived. */
  readonly nextSeq: number;
  /** Highest byte offset the other side may send. */
  readonly credit: number;
}

/** What a handler needs of the dispatcher it belongs to. */
export interface SocketHost {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly windowBudget: WindowBudget;
  /** First window for one more socket now, bytes. */
  firstWindow(): number;
  /** The socket has something to flush or to acknowledge at the end of this turn. */
  markDirty(socket: TunnelSocket): void;
  /** Whether all that waits for CONNECTs, with `bytes` more, is still within its limit. */
  countEarly(bytes: number): 'within' | 'beyond';
  /** Counts frames that wait for an earlier one, of all sockets. Throws `E_PROTOCOL` when there are too many. */
  countWaiting(frames: number): void;
  /** So many bytes more, or less, are kept until the peer acknowledges them. */
  countKept(bytes: number): void;
  /** Dials the target of a share for this socket; it answers with `dialed()` or `dialFailed()`. */
  dial(socket: TunnelSocket, shareId: Uint8Array): void;
  /** The opener does not want the target any more. Throws `E_PROTOCOL` when that comes too often. */
  abandonDial(socket: TunnelSocket): void;
  /** This side does not want the target any more. */
  cancelDial(socket: TunnelSocket): void;
  /** The peer ended a socket this side opened, with a code of the error table if it is known. */
  onClosedByPeer(socket: TunnelSocket, code: ErrorCode | undefined): void;
  /** The socket is finished and its local connection closed: its slot is free. */
  onGone(socket: TunnelSocket): void;
}

export class TunnelSocket implements LocalEvents {
  readonly id: number;
  readonly #host: SocketHost;
  readonly #outgoing: OutgoingStream;
  readonly #incoming: IncomingStream;
  #phase: SocketPhase;
  #shareId: Uint8Array | undefined;
  #local: LocalConnection | undefined;
  #localState: 'none' | 'alive' | 'closed' = 'none';
  #incomingEnd: 'open' | 'held' | 'ended' = 'open';
  #outgoingAcknowledged: 'no' | 'yes' = 'no';
  #earlyBytes = 0;
  #waitingFrames = 0;
  #cancelLinger: CancelTimer | undefined;

  private constructor(id: number, host: SocketHost, phase: SocketPhase) {
    this.id = id;
    this.#host = host;
    this.#phase = phase;
    const windowBytes = host.firstWindow();
    this.#incoming = new IncomingStream({
      windowBytes,
      grantedBytes: phase === 'early' ? EARLY_CREDIT_BYTES : windowBytes,
      budget: host.windowBudget,
    });
    this.#outgoing = new OutgoingStream({
      socketId: id,
      gate: host.gate,
      events: {
        onRoom: () => this.#local?.resume(),
        onAllAcknowledged: (ending) => this.#onAllAcknowledged(ending),
        onKept: (bytes) => host.countKept(bytes),
      },
    });
  }

  /** A socket this side opens: sends CONNECT, and what `local` sends right behind it. */
  static open(id: number, host: SocketHost, open: { shareId: Uint8Array; local: LocalConnection }) {
    const socket = new TunnelSocket(id, host, 'open');
    const { limit } = socket.#incoming.takeCredit(host.clock.now(), 0);
    socket.#outgoing.sendConnect({ shareId: open.shareId, credit: limit });
    socket.#outgoing.allow(EARLY_CREDIT_BYTES);
    socket.#attach(open.local);
    return socket;
  }

  /** A socket the peer opens, from the first frame of it that arrives, whichever that is. */
  static accept(id: number, host: SocketHost): TunnelSocket {
    return new TunnelSocket(id, host, 'early');
  }

  get phase(): SocketPhase {
    return this.#phase;
  }

  // ── From the peer ───────────────────────────────────────────────────────────────────────────

  /** Takes any frame of this socket. Throws `E_PROTOCOL` when the peer broke the protocol. */
  onFrame(frame: Frame): void {
    if (frame.type === FRAME.CREDIT) this.#onCredit(frame);
    else if (this.#phase === 'finished') this.#acknowledgeLate(frame);
    else if (frame.type === FRAME.CLOSE && parseClose(frame.payload).order === 'at-once') {
      this.#acknowledgeLate(frame);
      this.#on('close-arrived', frame);
    } else this.#onSequenced(frame);
  }

  /** The session is over, and with it this socket. */
  onSessionLost(): void {
    this.#on('session-lost');
  }

  /** A carrier was lost: sends again what the peer has not acknowledged. */
  sendAgain(): void {
    if (this.#phase !== 'finished') this.#outgoing.sendAgain();
  }

  /** What this side has of the socket now; the peer is told of it, by RESUME or CREDIT. */
  takeState(): SocketState {
    if (this.#phase === 'early') return { id: this.id, nextSeq: this.#incoming.nextSeq, credit: 0 };
    this.#incoming.updateConsumed();
    const now = this.#host.clock.now();
    const { nextSeq, limit } = this.#incoming.takeCredit(now, this.#host.gate.roundTripMs);
    return { id: this.id, nextSeq, credit: limit };
  }

  /** What the peer has of the socket. Throws `E_PROTOCOL` when it has what was never sent. */
  onPeerState({ nextSeq, credit }: Omit<SocketState, 'id'>): void {
    if (this.#phase !== 'finished') this.#outgoing.onCredit(nextSeq, credit);
  }

  /** Whether the peer opened this socket to that share. */
  leadsTo(shareId: Uint8Array): boolean {
    return this.#shareId !== undefined && isSameId(this.#shareId, shareId);
  }

  /** The peer may not use the share of this socket any more. */
  closeShare(code: ErrorCode): void {
    this.#on('share-closed', code);
  }

  // ── From the dialer ─────────────────────────────────────────────────────────────────────────

  /** The target answered. */
  dialed(local: LocalConnection): void {
    this.#on('dialed', local);
  }

  /** The target did not answer, or may not be asked for. */
  dialFailed(code: ErrorCode): void {
    this.#on('dial-failed', code);
  }

  // ── From the local application ──────────────────────────────────────────────────────────────

  onData(chunk: Uint8Array): void {
    this.#on('local-data', chunk);
  }

  onEnd(): void {
    this.#on('local-end');
  }

  onReset(): void {
    this.#on('local-reset');
  }

  onWritten(): void {
    this.#host.markDirty(this);
  }

  onClosed(): void {
    this.#localState = 'closed';
    this.#reportIfGone();
  }

  // ── At the end of a turn ────────────────────────────────────────────────────────────────────

  /** Writes what came in this turn; says what acknowledgement is owed now. */
  flush(): 'credit-due' | 'credit-owed' | 'nothing-owed' {
    this.#local?.flush();
    if (this.#phase === 'finished') return 'nothing-owed';
    this.#incoming.updateConsumed();
    if (this.#phase === 'early') return 'nothing-owed';
    if (this.#incoming.isCreditDue || this.#incomingEnd === 'ended') {
      return this.#incoming.owesCredit ? 'credit-due' : 'nothing-owed';
    }
    return this.#incoming.owesCredit ? 'credit-owed' : 'nothing-owed';
  }

  sendCredit(): void {
    if (this.#phase === 'finished') return;
    const { nextSeq, credit } = this.takeState();
    this.#host.gate.pass(encodeCredit(this.id, nextSeq, credit));
  }

  // ── Frames ──────────────────────────────────────────────────────────────────────────────────

  #onCredit(frame: Frame): void {
    this.onPeerState({ nextSeq: frame.seq, credit: parseOffset(frame.payload) });
  }

  #onSequenced(frame: Frame): void {
    const before = this.#incoming.waitingFrames;
    this.#incoming.accept(frame, this.#onNextInOrder);
    this.#recountWaiting(this.#incoming.waitingFrames);
    if (this.#phase === 'early') this.#countEarly(frame, before);
    else if (this.#phase !== 'finished') this.#host.markDirty(this);
  }

  readonly #onNextInOrder = (frame: Frame): void => {
    // A frame before this one finished the socket while this one waited behind it.
    if (this.#phase === 'finished') return this.#acknowledgeLate(frame);
    switch (frame.type) {
      case FRAME.DATA:
        this.#on('data-arrived', frame.payload);
        break;
      case FRAME.FIN:
        this.#on('fin-arrived');
        break;
      case FRAME.CLOSE:
        this.#acknowledgeLate(frame);
        this.#on('close-arrived', frame);
        break;
      case FRAME.CONNECT:
        this.#on('connect-arrived', frame);
        break;
      default:
        throw protocolViolation('frame without a meaning for a socket');
    }
  };

  /** Sequenced frames of a finished socket are acknowledged, so that the sender can forget them. */
  #acknowledgeLate(frame: Frame): void {
    this.#host.gate.pass(encodeCredit(this.id, serialAdd(frame.seq, 1), 0));
  }

  #recountWaiting(frames: number): void {
    const change = frames - this.#waitingFrames;
    this.#waitingFrames = frames;
    if (change !== 0) this.#host.countWaiting(change);
  }

  /** What was sent again, and waits here already, counts once. */
  #countEarly(frame: Frame, waitedBefore: number): void {
    if (this.#incoming.waitingFrames === waitedBefore) return;
    this.#earlyBytes += frame.payload.length;
    const all = this.#host.countEarly(frame.payload.length);
    if (all === 'beyond' || this.#incoming.waitingFrames > EARLY_FRAMES_MAX)
      this.#on('early-limit');
  }

  // ── The table at work ───────────────────────────────────────────────────────────────────────

  #on(event: SocketEvent, detail?: Frame | Uint8Array | LocalConnection | ErrorCode): void {
    const from = this.#phase;
    const { to, act } = SOCKET_PHASES[from][event];
    this.#phase = to;
    if (from === 'early' && to !== 'early') this.#host.countEarly(-this.#earlyBytes);
    // It stays, for the peer must acknowledge that; the bytes that were too many must not.
    if (from === 'early' && to === 'closing') this.#incoming.dropWaiting();
    this.#perform(act, event, detail);
    if (to === 'finished' && from !== 'finished') this.#finish();
  }

  #perform(act: SocketAction, event: SocketEvent, detail: unknown): void {
    switch (act) {
      case 'ignore':
      case 'release':
        return;
      case 'violation':
        throw protocolViolation(`${event} out of place`);
      case 'bug':
        throw portholeError('E_INTERNAL', { reason: `${event} while ${this.#phase}` });
      case 'dial':
        return this.#dial(detail as Frame);
      case 'hold-data':
      case 'write':
        return this.#incoming.write(detail as Uint8Array);
      case 'hold-end':
        this.#incomingEnd = 'held';
        return;
      case 'end-local':
        return this.#endLocal();
      case 'discard':
        return this.#incoming.discard(detail as Uint8Array);
      case 'attach':
        return this.#attachTarget(detail as LocalConnection);
      case 'refuse':
        return this.#refuse((detail as ErrorCode | undefined) ?? 'E_EARLY_LIMIT');
      case 'abandon-dial':
        return this.#host.abandonDial(this);
      case 'cancel-dial':
        this.#host.cancelDial(this);
        return this.#refuse(detail as ErrorCode);
      case 'cut-off':
        this.#local?.reset();
        return this.#refuse(detail as ErrorCode);
      case 'send-data':
        return this.#sendData(detail as Uint8Array);
      case 'send-fin':
        return this.#outgoing.finish();
      case 'send-reset':
        return this.#sendReset();
      case 'reset-local':
        return this.#resetLocal(detail as Frame | undefined);
      case 'drop-dialed':
        return this.#drop(detail as LocalConnection);
    }
  }

  #dial(frame: Frame): void {
    const { shareId, credit } = parseConnect(frame.payload);
    // A view of the message would keep all of it.
    this.#shareId = shareId.slice();
    this.#outgoing.allow(credit);
    this.sendCredit();
    this.#host.dial(this, shareId);
  }

  #attachTarget(local: LocalConnection): void {
    this.#attach(local);
    if (this.#incomingEnd === 'held') this.#endLocal();
    this.#host.markDirty(this);
  }

  #attach(local: LocalConnection): void {
    this.#local = local;
    this.#localState = 'alive';
    this.#incoming.attach(local);
    local.start(this);
  }

  #endLocal(): void {
    this.#incomingEnd = 'ended';
    this.#local?.end();
    this.#finishIfBothEnded();
  }

  #sendData(chunk: Uint8Array): void {
    this.#outgoing.push(chunk);
    if (this.#outgoing.isFull) this.#local?.pause();
  }

  /** The peer may be waiting for us to read before it reads: go on consuming, or both wait. */
  #sendReset(): void {
    const close = closeFor('E_SOCKET_RESET', 'in-order');
    this.#incoming.discardAll();
    this.#host.markDirty(this);
    this.#outgoing.closeInOrder(close);
    if (this.#outgoing.pendingBytes === 0) return;
    this.#cancelLinger = this.#host.clock.after(RESET_LINGER_MS, () =>
      this.#outgoing.closeAtOnce({ ...close, order: 'at-once' }),
    );
  }

  #refuse(code: ErrorCode): void {
    this.#incoming.discardAll();
    this.#outgoing.closeAtOnce(closeFor(code, 'at-once'));
  }

  #resetLocal(close: Frame | undefined): void {
    if (close !== undefined) {
      this.#host.onClosedByPeer(this, codeOfWire(parseClose(close.payload).reason));
    }
    this.#local?.reset();
  }

  #drop(local: LocalConnection): void {
    this.#local = local;
    this.#localState = 'alive';
    local.start(this);
    local.reset();
  }

  #onAllAcknowledged(ending: 'fin' | 'close'): void {
    if (ending === 'close') return this.#on('close-acknowledged');
    this.#outgoingAcknowledged = 'yes';
    this.#finishIfBothEnded();
  }

  #finishIfBothEnded(): void {
    if (this.#incomingEnd !== 'ended' || this.#outgoingAcknowledged === 'no') return;
    if (this.#incoming.owesCredit) this.sendCredit();
    this.#on('ends-acknowledged');
  }

  #finish(): void {
    this.#cancelLinger?.();
    this.#outgoing.drop();
    this.#incoming.release();
    this.#reportIfGone();
  }

  #reportIfGone(): void {
    if (this.#phase !== 'finished' || this.#localState === 'alive') return;
    this.#recountWaiting(0);
    this.#host.onGone(this);
  }
}

function closeFor(code: ErrorCode, order: ClosePayload['order']): ClosePayload {
  return { reason: ERRORS[code].wire, order, text: '' };
}

function isSameId(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
