import { describe, expect, test } from 'vitest';
import { ACTIVITY } from '../../../src/shared/messages/activity.ts';
import { FIRST_RUN } from '../../../src/shared/messages/first-run.ts';
import { LANGUAGES } from '../../../src/shared/messages/language.ts';
import type { Catalogue, Language, Text } from '../../../src/shared/messages/language.ts';
import { PAIRING } from '../../../src/shared/messages/pairing.ts';
import { SETTINGS } from '../../../src/shared/messages/settings.ts';

const CATALOGUES: Readonly<Record<string, Catalogue>> = { ACTIVITY, FIRST_RUN, PAIRING, SETTINGS };

// Characters that only one of the two writes, and some of those lists that both do.
const ONLY_HANS = /[设备连这台发显览务请输证书钟过还时间给说读写实网络复制问题网页图标]/;
const ONLY_HANT = /[設備連這發顯覽務請輸證書鐘過還時間給說讀寫實網絡複製問題頁圖標]/;
const BOTH = /[台备制题标]/g;

/** Names, addresses and words that are the same in every language. */
const NAMES =
  /porthole up|Porthole|porthole:\/\/\w+#|macOS|Windows|STUN|TURN|QR|MIT|ID|docs|\b(?:wss|stun|turn)[:.][\w./:-]+|\{\w+\}|\bU(?= 盘)/g;

const stringsOf = (text: Text): readonly string[] =>
  typeof text === 'string' ? [text] : Object.values(text);

const blanksOf = (text: Text): readonly string[] =>
  [...new Set(stringsOf(text).flatMap((one) => one.match(/\{\w+\}/g) ?? []))].toSorted();

/** `key: text` of every string in a language, for a test to complain about. */
function linesOf(catalogue: Catalogue, language: Language): readonly string[] {
  return Object.entries(catalogue[language]).flatMap(([key, text]) =>
    stringsOf(text).map((one) => `${key}: ${one}`),
  );
}

/** English words, or English punctuation behind a Chinese character. */
function isEnglish(line: string): boolean {
  return /: .*[a-z]{2,}/i.test(line.replaceAll(NAMES, '')) || /[\u4e00-\u9fff][,;!?]/.test(line);
}

describe.each(Object.entries(CATALOGUES))('%s', (_name, catalogue) => {
  test.each(LANGUAGES)('says the same in %s', (language) => {
    const texts = Object.entries(catalogue[language]);
    expect(texts.map(([key]) => key)).toEqual(Object.keys(catalogue.en));
    expect(texts.map(([key, text]) => [key, blanksOf(text)])).toEqual(
      Object.entries(catalogue.en).map(([key, text]) => [key, blanksOf(text)]),
    );
    expect(linesOf(catalogue, language).filter((line) => /: $|: \s|\s$/.test(line))).toEqual([]);
  });

  test.each(['zh-Hant', 'zh-Hans'] as const)('is Chinese in %s', (language) => {
    expect(linesOf(catalogue, language).filter(isEnglish)).toEqual([]);
  });

  test('keeps the two ways to write apart', () => {
    const hant = linesOf(catalogue, 'zh-Hant').map((line) => line.replaceAll(BOTH, ''));
    const hans = linesOf(catalogue, 'zh-Hans').map((line) => line.replaceAll(BOTH, ''));
    expect(hant.filter((line) => ONLY_HANS.test(line))).toEqual([]);
    expect(hans.filter((line) => ONLY_HANT.test(line))).toEqual([]);
  });
});
