/**
 * Credit arithmetic: how far one side may send, as absolute byte offsets.
 *
 * Invariant: an offset only ever grows, so a late or repeated CREDIT is harmless. What a receiver
 * holds of a socket is at most what it granted beyond what was consumed: its window.
 */
import {
  CREDIT_WINDOW_FRACTION,
  EARLY_CREDIT_BYTES,
  GATE_QUEUE_MS,
  GROWN_WINDOWS_TOTAL_BYTES,
  INITIAL_WINDOW_BYTES,
  INITIAL_WINDOWS_TOTAL_BYTES,
  WINDOW_BYTES_MAX,
} from '../../shared/limits.ts';
import { protocolViolation } from './frame.ts';

/** First window for one more socket beside `liveSockets` others, bytes. */
export function initialWindow(liveSockets: number): number {
  const fair = Math.floor(INITIAL_WINDOWS_TOTAL_BYTES / Math.max(1, liveSockets));
  return Math.min(INITIAL_WINDOW_BYTES, Math.max(EARLY_CREDIT_BYTES, fair));
}

/** What the sender of one direction may still send. */
export class SendCredit {
  #sent = 0;
  #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that may be sent now. */
  get available(): number {
    return this.#limit - this.#sent;
  }

  /** Takes a new absolute limit; keeps the larger. */
  raise(limit: number): void {
    if (limit > this.#limit) this.#limit = limit;
  }

  spend(bytes: number): void {
    this.#sent += bytes;
  }
}

/** What all windows of one peer may hold beyond their first size. */
export class WindowBudget {
  #free: number;

  constructor(bytes = GROWN_WINDOWS_TOTAL_BYTES) {
    this.#free = bytes;
  }

  /** Takes `bytes` if they are free. */
  take(bytes: number): 'taken' | 'spent' {
    if (bytes > this.#free) return 'spent';
    this.#free -= bytes;
    return 'taken';
  }

  giveBack(bytes: number): void {
    this.#free += bytes;
  }
}

/**
 * The receiving end of one direction: checks what arrives against what was granted, and says when
 * and how much to grant anew. The window doubles when it was used up within two round trips, the
 * queue that the peer's gate keeps included (after quic-go's flow control auto-tuning).
 */
export class ReceiveWindow {
  readonly #budget: WindowBudget;
  #window: number;
  #granted: number;
  #grown = 0;
  #received = 0;
  #consumed = 0;
  #epochStart = 0;
  #epochAt: number | undefined;

  /** `granted` bytes may already be under way; the window is announced by the first `grant()`. */
  constructor(window: number, granted: number, budget: WindowBudget) {
    this.#window = window;
    this.#granted = granted;
    this.#budget = budget;
  }

  get windowBytes(): number {
    return this.#window;
  }

  /** Counts payload that arrived, in order or not. Throws `E_PROTOCOL` beyond the credit. */
  receive(bytes: number): void {
    if (this.#received + bytes > this.#granted) throw protocolViolation('credit exceeded');
    this.#received += bytes;
  }

  /** Sets how many bytes in all have left this side for the application. */
  consumeTo(offset: number): void {
    this.#consumed = offset;
  }

  /** Whether enough was consumed that the sender should hear of it now. */
  get isDue(): boolean {
    return this.#consumed + this.#window - this.#granted >= this.#window / CREDIT_WINDOW_FRACTION;
  }

  /** The absolute offset to announce now. `now` and `roundTripMs` let the window grow. */
  grant(now: number, roundTripMs: number): number {
    this.#growIfUsedUp(now, roundTripMs);
    this.#granted = Math.max(this.#granted, this.#consumed + this.#window);
    return this.#granted;
  }

  /** Gives back what the window grew by. */
  release(): void {
    this.#budget.giveBack(this.#grown);
    this.#grown = 0;
  }

  #growIfUsedUp(now: number, roundTripMs: number): void {
    this.#epochAt ??= now;
    if (this.#consumed - this.#epochStart < this.#window) return;
    const elapsed = now - this.#epochAt;
    this.#epochStart = this.#consumed;
    this.#epochAt = now;
    if (elapsed > 2 * (roundTripMs + GATE_QUEUE_MS)) return;
    const more = Math.min(this.#window, WINDOW_BYTES_MAX - this.#window);
    if (more <= 0 || this.#budget.take(more) === 'spent') return;
    this.#window += more;
    this.#grown += more;
  }
}
