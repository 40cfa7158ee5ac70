/**
 * What a pasted text is, as far as its beginning and its letters tell, so that a person hears of a
 * wrong one before anything is tried. Only the engine opens codes, and its word counts.
 *
 * Invariant: a text that the engine would take is never called wrong here (src/engine/pairing/code.ts).
 */
import { INVITE_CHARS_MAX } from '../../../shared/limits.ts';

/**
 * `offline`: an offer, which asks for an answer to be carried back. `damaged`: one of ours that
 * cannot be whole, of the kind in `of`.
 */
export type CodeText =
  | { readonly kind: 'empty' }
  | { readonly kind: 'invite' }
  | { readonly kind: 'offline' }
  | { readonly kind: 'answer' }
  | { readonly kind: 'damaged'; readonly of: 'pair' | 'answer' }
  | { readonly kind: 'other' };

// What chats, mails and terminals put around and into a code.
const CLUTTER = /[\s\u200b-\u200d\u2060"'`<>\u2018-\u201f\u00ab\u00bb]/gu;
const PREFIX = /^porthole:\/\/(pair|answer)\/?#/i;
const ALPHABET = /^[\w-]+=*$/;
// Version 1 with the flags of an invite, of an offline one, and of an answer.
const INVITE = /^AQ[A-H]/;
const OFFLINE = /^AQ[I-P]/;
const ANSWER = /^AY[A-D]/;

export function codeTextOf(text: string): CodeText {
  // Looked at up to twice the limit, as the engine does.
  const dense = text.slice(0, 2 * INVITE_CHARS_MAX).replaceAll(CLUTTER, '');
  if (dense === '') return { kind: 'empty' };
  const [prefix, kind] = PREFIX.exec(dense) ?? [];
  if (prefix === undefined) return bareCode(dense);
  const code = dense.slice(prefix.length);
  const of = kind?.toLowerCase() === 'answer' ? 'answer' : 'pair';
  if (!isWhole(code)) return { kind: 'damaged', of };
  if (of === 'answer') return { kind: 'answer' };
  return { kind: OFFLINE.test(code) ? 'offline' : 'invite' };
}

function bareCode(code: string): CodeText {
  const isOurs = INVITE.test(code) || OFFLINE.test(code) || ANSWER.test(code);
  if (!isOurs || !ALPHABET.test(code)) return { kind: 'other' };
  const isAnswer = ANSWER.test(code);
  if (!isWhole(code)) return { kind: 'damaged', of: isAnswer ? 'answer' : 'pair' };
  if (isAnswer) return { kind: 'answer' };
  return { kind: OFFLINE.test(code) ? 'offline' : 'invite' };
}

/** No bytes end one letter behind four (RFC 4648 §5). */
function isWhole(code: string): boolean {
  if (code.length > INVITE_CHARS_MAX || !ALPHABET.test(code)) return false;
  return code.replace(/=+$/, '').length % 4 !== 1;
}
