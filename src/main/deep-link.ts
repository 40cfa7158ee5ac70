/**
 * Links that open this app, `porthole://pair#…`. Any page can open one, with anything in it.
 *
 * Invariant: a link only fills in "Add a device", where a person reads it and decides; of all other
 * arguments of a second start nothing is used.
 */
import type { Clock } from '../shared/clock.ts';
import { DEEP_LINK_MS, INVITE_CHARS_MAX } from '../shared/limits.ts';

export const LINK_SCHEME = 'porthole';

/** `porthole://pair#` or `porthole://answer#`, and base64url: what a code of this app can be. */
const LINK = /^porthole:\/\/(?:pair|answer)\/?#[\w-]+$/i;

/** The code in a text that the system says is a link; `undefined` when it is none of ours. */
export function codeOfLink(text: string): string | undefined {
  if (text.length > INVITE_CHARS_MAX || !LINK.test(text)) return undefined;
  const fragment = text.slice(text.indexOf('#') + 1);
  const kind = /^porthole:\/\/answer/i.test(text) ? 'answer' : 'pair';
  return `${LINK_SCHEME}://${kind}#${fragment}`;
}

/** The first code among the arguments of a start. */
export function codeInArguments(argv: readonly string[]): string | undefined {
  for (const argument of argv) {
    const code = codeOfLink(argument);
    if (code !== undefined) return code;
  }
  return undefined;
}

/** Lets one link through in DEEP_LINK_MS; the others are lost. */
export class LinkGate {
  readonly #clock: Clock;
  #passedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  mayPass(): boolean {
    const now = this.#clock.now();
    if (now - this.#passedAt < DEEP_LINK_MS) return false;
    this.#passedAt = now;
    return true;
  }
}
