/** Questions a command asks on standard input: a code, yes or no, a passphrase. */
import { portholeError } from '../shared/errors.ts';
import {
  ANSWER_BYTES_MAX,
  INVITE_TEXT_BYTES_MAX,
  PASSPHRASE_BYTES_MAX,
  QUESTION_REPEATS_MAX,
} from '../shared/limits.ts';
import type { InputLines, LineOutcome } from './input-lines.ts';

export interface Question {
  /** Shown in a terminal only. */
  readonly prompt: string;
  readonly signal: AbortSignal;
}

/**
 * A link or a blob; `undefined` when standard input has ended. Throws `E_INVITE_INVALID` when a line
 * is longer than one can be.
 */
export async function readCode(
  lines: InputLines,
  { prompt, signal }: Question,
): Promise<string | undefined> {
  const outcome = await lines.next({ prompt, signal, bytesMax: INVITE_TEXT_BYTES_MAX });
  if (outcome.kind === 'too-long') throw portholeError('E_INVITE_INVALID');
  return outcome.kind === 'end' ? undefined : outcome.text.trim();
}

/** `end`: standard input has ended before anybody answered. */
export type Answer = 'yes' | 'no' | 'end';

const ANSWERS: Readonly<Record<string, Answer>> = {
  yes: 'yes',
  y: 'yes',
  是: 'yes',
  no: 'no',
  n: 'no',
  否: 'no',
};

/** Asks again QUESTION_REPEATS_MAX times for what is neither yes nor no; then it counts as no. */
export async function askYesNo(lines: InputLines, { prompt, signal }: Question): Promise<Answer> {
  let shown = prompt;
  for (let repeats = 0; repeats <= QUESTION_REPEATS_MAX; repeats++) {
    const outcome = await lines.next({ prompt: shown, signal, bytesMax: ANSWER_BYTES_MAX });
    const answer = answerOf(outcome);
    if (answer !== undefined) return answer;
    shown = 'Please answer yes or no: ';
  }
  return 'no';
}

function answerOf(outcome: LineOutcome): Answer | undefined {
  if (outcome.kind === 'end') return 'end';
  if (outcome.kind === 'too-long') return undefined;
  // Input methods for Chinese and Japanese can give letters full width.
  const word = outcome.text.normalize('NFKC').trim().toLowerCase();
  return Object.hasOwn(ANSWERS, word) ? ANSWERS[word] : undefined;
}

/**
 * A passphrase, not shown while it is typed into a terminal; otherwise the next line of standard
 * input, as it is. `undefined` when standard input has ended. Throws `E_USAGE` when it is longer than
 * PASSPHRASE_BYTES_MAX, an `AbortError` for Ctrl+C.
 */
export async function readPassphrase(
  lines: InputLines,
  { prompt, signal }: Question,
): Promise<string | undefined> {
  const request = { prompt, signal, bytesMax: PASSPHRASE_BYTES_MAX };
  const outcome = await (lines.isTerminal ? lines.nextHidden(request) : lines.next(request));
  if (outcome.kind === 'too-long') {
    const problem = `A passphrase has at most ${PASSPHRASE_BYTES_MAX} bytes.`;
    throw portholeError('E_USAGE', { problem });
  }
  if (outcome.kind === 'end') return undefined;
  if (!lines.isTerminal) return outcome.text;
  const typed = applyKeys(outcome.text);
  return typed === '' ? readPassphrase(lines, { prompt, signal }) : typed;
}

// An escape sequence (arrows and the like, ECMA-48), Ctrl+U, backspace in its two codes, another
// control character, or a character.
// oxlint-disable-next-line no-control-regex -- these are keys
const KEYS = /\u001b(?:\[[\d;]*[ -/]*[@-~]|.)?|[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]/gsu;

/** What was typed, after the keys that edit it. */
function applyKeys(typed: string): string {
  let characters: string[] = [];
  for (const [key] of typed.matchAll(KEYS)) {
    if (key === '\u0015') characters = [];
    else if (key === '\u007f' || key === '\b') characters.pop();
    else if (!/^\p{Cc}/u.test(key)) characters.push(key);
  }
  return characters.join('');
}
