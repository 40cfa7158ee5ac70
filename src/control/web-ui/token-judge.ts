/**
 * Tells the right token from wrong ones.
 *
 * Invariant: comparing takes the same time whatever was shown. Whoever guesses is slowed down; whoever
 * has the right token gets in all the same, a moment later.
 */
import { parseMessage } from '../../shared/calls/messages.ts';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import {
  CONTROL_GREETING_BYTES_MAX,
  WEB_UI_VERDICT_MS,
  WEB_UI_WRONG_TOKENS_MAX,
  WEB_UI_WRONG_TOKENS_MS,
} from '../../shared/limits.ts';
import { isSameSecret, TokenSchema } from '../wire.ts';

export class TokenJudge {
  readonly #token: string;
  readonly #clock: Clock;
  /** When each of the last ones was shown. */
  #wrong: number[] = [];

  constructor(token: string, clock: Clock) {
    this.#token = token;
    this.#clock = clock;
  }

  /** Gives the verdict on the first message of a page, in this turn or later; unless it is cancelled. */
  judge(message: string, onVerdict: (verdict: 'right' | 'wrong') => void): CancelTimer {
    const decide = (): void => onVerdict(this.#verdictOn(message));
    if (this.#recentWrong().length >= WEB_UI_WRONG_TOKENS_MAX) {
      return this.#clock.after(WEB_UI_VERDICT_MS, decide);
    }
    decide();
    return () => {};
  }

  #verdictOn(message: string): 'right' | 'wrong' {
    if (message.length <= CONTROL_GREETING_BYTES_MAX) {
      const shown = parseMessage(TokenSchema, message);
      if (shown !== undefined && isSameSecret(shown.token, this.#token)) return 'right';
    }
    this.#wrong = [...this.#recentWrong(), this.#clock.now()].slice(-WEB_UI_WRONG_TOKENS_MAX);
    return 'wrong';
  }

  #recentWrong(): readonly number[] {
    const since = this.#clock.now() - WEB_UI_WRONG_TOKENS_MS;
    return this.#wrong.filter((at) => at > since);
  }
}
