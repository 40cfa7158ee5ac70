import { expect, test } from 'vitest';
import { ERRORS } from '../../../src/shared/errors.ts';
import { ERROR_TEXTS, sayFailure } from '../../../src/shared/messages/errors.ts';

/** Codes without a translation, each with why no page meets it. */
const NEVER_ON_A_PAGE: Readonly<Record<string, string>> = {
  E_EARLY_LIMIT: 'ends one connection of an application; it is in the log of the other side',
  E_CONFIRM_INPUT: 'standard input of a command ended',
  E_DATA_DIR_IN_USE: 'a second process does not start, so it shows no page',
  E_DATA_DIR_OPEN: 'Porthole does not start, so it shows no page',
  E_PASSPHRASE: 'only a command imports',
  E_BACKUP_INVALID: 'only a command imports',
  E_IDENTITY_EXISTS: 'only a command imports',
  E_CERTIFICATE: 'of porthole rendezvous, a command',
  E_DATA_VERSION: 'Porthole does not start, so it shows no page',
  E_NO_UI: 'of porthole ui, a command: whoever sees a page has one',
  E_UI_PORT: 'of porthole up, before there is a page',
  E_CONTROL_SOCKET: 'Porthole does not start, so it shows no page',
  E_KEY_IN_KEYRING: 'of a command while the app is not running, so there is no page',
};

test('every code is translated, or no page meets it', () => {
  const translated = Object.keys(ERROR_TEXTS);
  const missing = Object.keys(ERRORS).filter((code) => !translated.includes(code));
  expect(missing.toSorted()).toEqual(Object.keys(NEVER_ON_A_PAGE).toSorted());
});

test('translations need nothing filled in, and are Chinese', () => {
  const names = /Porthole|porthole:\/\/\w+#/g;
  const texts = Object.values(ERROR_TEXTS).flatMap((each) => [each['zh-Hant'], each['zh-Hans']]);
  expect(texts.filter((text) => /[{}]/.test(text))).toEqual([]);
  expect(texts.filter((text) => /[a-z]{2,}/i.test(text.replaceAll(names, '')))).toEqual([]);
});

test('nobody at a page is told to use a command', () => {
  const told = Object.entries(ERRORS)
    .filter(([code]) => Object.hasOwn(ERROR_TEXTS, code))
    .map(([code, { sentence }]) => sayFailure({ code, message: sentence }, 'en'));
  expect(told.filter((text) => /--|\bporthole [a-z]|standard input/.test(text))).toEqual([]);
});

test('English has what was said, and so has a code from a newer version', () => {
  const failure = { code: 'E_INVITE_EXPIRED', message: 'This code expired at 14:10.' };
  expect(sayFailure(failure, 'en')).toBe(failure.message);
  expect(sayFailure(failure, 'zh-Hant')).toBe('此代碼已過期，請對方重新產生。');
  expect(sayFailure(failure, 'zh-Hans')).toBe('此代码已过期，请对方重新生成。');
  const newer = { code: 'constructor', message: 'Something new.' };
  expect(sayFailure(newer, 'zh-Hans')).toBe(newer.message);
});
