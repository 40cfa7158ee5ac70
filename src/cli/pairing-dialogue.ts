/**
 * Pairing as a person at a terminal sees it: the code to hand over, the number to compare, the blob
 * to carry back. The same for both sides, and whether this process or the daemon does the work.
 */
import type { CallTalk } from '../shared/calls/api.ts';
import type { PairingEvent, PairingInput } from '../shared/contract.ts';
import { portholeError } from '../shared/errors.ts';
import type { PortholeError } from '../shared/errors.ts';
import type { InputLines } from './input-lines.ts';
import { askYesNo, readCode } from './prompt.ts';
import type { Reporter } from './reporter.ts';
import { renderTerminalQr } from './terminal-qr.ts';

export interface DialogueOptions {
  readonly reporter: Reporter;
  readonly lines: InputLines;
  readonly signal: AbortSignal;
  /** How this side was started; the other side must be started alike. */
  readonly trust: 'compare' | 'trust-invite';
}

/** A talk for the calls `invite` and `join`. */
export class PairingDialogue implements CallTalk<'invite'> {
  readonly signal: AbortSignal;
  readonly #options: DialogueOptions;
  readonly #gaveUp = new AbortController();
  #asked: 'answer' | 'verdict' = 'answer';
  #question = '';

  constructor(options: DialogueOptions) {
    this.#options = options;
    this.signal = AbortSignal.any([options.signal, this.#gaveUp.signal]);
  }

  emit(event: PairingEvent): void {
    const { reporter } = this.#options;
    switch (event.kind) {
      case 'invite':
        return this.#showInvite(event);
      case 'answer':
        return reporter.event('answer', { blob: event.blob }, answerText(event.blob));
      case 'connecting': {
        const fields = { peer: event.peer, state: 'connecting', path: 'datachannel' } as const;
        return reporter.event(
          'link',
          fields,
          `Connecting to ${event.peerName || 'the other computer'}…`,
        );
      }
      case 'compare':
        return this.#showDigits(event);
      case 'warning':
        return this.#warn(event.text);
    }
  }

  async nextInput(): Promise<PairingInput> {
    return this.#asked === 'verdict' ? await this.#readVerdict() : await this.#readAnswer();
  }

  /** On a line of its own, with the question it came between shown again. */
  #warn(text: string): void {
    const { reporter, lines } = this.#options;
    const isBetween = lines.isTerminal && this.#question !== '';
    reporter.remark(isBetween ? `\n${text}\n${this.#question}` : text);
  }

  #showInvite(event: InviteEvent): void {
    const { reporter, trust } = this.#options;
    const { link, expiresAt } = event;
    reporter.event('invite', { link, expiresAt }, inviteText(event, trust));
  }

  #showDigits({ digits, peer, peerName }: Extract<PairingEvent, { kind: 'compare' }>): void {
    this.#asked = 'verdict';
    const readable = `${digits.slice(0, 3)} ${digits.slice(3)}`;
    const who = peerName || 'the other computer';
    this.#question = `Does ${who} show this number? [yes/no] `;
    const sentence = `\nCompare the numbers:\n\n    ${readable}\n\n(${who}, ${peer})`;
    this.#options.reporter.event('compare', { digits }, sentence);
  }

  async #readVerdict(): Promise<PairingInput> {
    const { lines } = this.#options;
    const answer = await askYesNo(lines, { prompt: this.#question, signal: this.signal });
    if (answer === 'end') throw this.#giveUp(portholeError('E_CONFIRM_INPUT'));
    return { kind: 'verdict', match: answer === 'yes' };
  }

  async #readAnswer(): Promise<PairingInput> {
    const { lines } = this.#options;
    const blob = await readCode(lines, { prompt: 'Paste the answer: ', signal: this.signal });
    if (blob !== undefined) return { kind: 'answer', blob };
    const problem = 'Standard input ended before the answer came. Start again for a new code.';
    throw this.#giveUp(portholeError('E_USAGE', { problem }));
  }

  /** Nobody can be asked once standard input has ended: the pairing is off. */
  #giveUp(error: PortholeError): PortholeError {
    this.#gaveUp.abort(error);
    return error;
  }
}

type InviteEvent = Extract<PairingEvent, { kind: 'invite' }>;

function inviteText(event: InviteEvent, trust: 'compare' | 'trust-invite'): string {
  const { mode, link, expiresAt } = event;
  const time = new Date(expiresAt).toTimeString().slice(0, 5);
  const isTerminal = process.stdout.isTTY;
  const colours = isTerminal && process.env['NO_COLOR'] === undefined ? 'ansi' : 'none';
  const { columns, rows } = isTerminal ? process.stdout : { columns: Infinity, rows: Infinity };
  const drawn = renderTerminalQr(link, { colours, columns });
  const qr = drawn !== undefined && drawn.split('\n').length <= rows ? drawn : undefined;
  const join = trust === 'trust-invite' ? 'porthole join --trust-invite' : 'porthole join';
  return [
    '',
    ...(qr === undefined ? ['(Make the terminal larger to see a QR code.)'] : [qr]),
    '',
    `On the other computer run`,
    `  ${join}`,
    `and paste this. It is good for one computer, until ${time}${qr === undefined ? '' : '; a phone can read it from the code above'}:`,
    '',
    `  ${link}`,
    '',
    ...(mode === 'offline' ? ['It then shows an answer: paste that here.'] : []),
    trust === 'trust-invite'
      ? 'Whoever gets it first is trusted: send it only where nobody else reads it.'
      : 'Both computers then show a number for you to compare.',
    'Ctrl+C cancels it.',
  ].join('\n');
}

function answerText(blob: string): string {
  return [
    '',
    'Copy this answer to the computer the code came from, and paste it there:',
    '',
    `  ${blob}`,
    '',
    'Waiting for it. Ctrl+C cancels.',
  ].join('\n');
}
