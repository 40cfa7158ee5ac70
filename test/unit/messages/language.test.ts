import { describe, expect, it } from 'vitest';
import {
  catalogue,
  fill,
  LANGUAGES,
  resolveLanguage,
  sayIn,
} from '../../../src/shared/messages/language.ts';
import type { Catalogue, Text } from '../../../src/shared/messages/language.ts';
import { COMMON } from '../../../src/shared/messages/common.ts';
import { DEVICES } from '../../../src/shared/messages/devices.ts';
import { PORTS } from '../../../src/shared/messages/ports.ts';

const TEXTS = catalogue({
  en: { hello: 'Hello {name}', files: { one: '{count} file', other: '{count} files' } },
  'zh-Hant': { hello: '{name} 你好', files: { other: '{count} 個檔案' } },
  'zh-Hans': { hello: '{name} 你好', files: { other: '{count} 个文件' } },
});

describe('the language', () => {
  it('is what the person chose, or the first of the system there is', () => {
    expect(resolveLanguage('zh-Hans', ['en-US'])).toBe('zh-Hans');
    expect(resolveLanguage('system', ['fr-FR', 'zh-TW', 'en'])).toBe('zh-Hant');
    expect(resolveLanguage('system', ['fr', 'de'])).toBe('en');
    expect(resolveLanguage('system', [])).toBe('en');
  });

  it.each([
    ['zh-TW', 'zh-Hant'],
    ['zh_HK', 'zh-Hant'],
    ['zh-MO', 'zh-Hant'],
    ['zh-Hant-CN', 'zh-Hant'],
    ['zh-Hans-TW', 'zh-Hans'],
    ['zh-CN', 'zh-Hans'],
    ['zh', 'zh-Hans'],
    ['yue-HK', 'zh-Hant'],
    ['en-GB', 'en'],
  ] as const)('of %s is %s', (tag, language) => {
    expect(resolveLanguage('system', [tag])).toBe(language);
  });
});

describe('a text', () => {
  it('has its blanks filled, once', () => {
    expect(sayIn(TEXTS, 'en')('hello', { name: '{count} {name}' })).toBe('Hello {count} {name}');
    expect(fill('{a}{b}', { a: 1 })).toBe('1{b}');
    expect(fill('{toString}', {})).toBe('{toString}');
    expect(fill('{port}', { port: 12_345 })).toBe('12345');
  });

  it('follows the plural of its language', () => {
    expect([0, 1, 2].map((count) => sayIn(TEXTS, 'en')('files', { count }))).toEqual([
      '0 files',
      '1 file',
      '2 files',
    ]);
    expect(sayIn(TEXTS, 'zh-Hant')('files', { count: 1 })).toBe('1 個檔案');
  });
});

describe.each([
  ['common', COMMON],
  ['ports', PORTS],
  ['devices', DEVICES],
] as [string, Catalogue][])('the texts of %s', (_area, texts) => {
  it('are there in every language, with the same blanks', () => {
    for (const language of LANGUAGES) {
      expect(Object.keys(texts[language])).toEqual(Object.keys(texts.en));
      for (const [key, text] of Object.entries(texts[language])) {
        expect([key, blanksOf(text)]).toEqual([key, blanksOf(texts.en[key] ?? '')]);
        expect(stringsOf(text)).not.toContain('');
      }
    }
  });

  it('are in Chinese where they say anything', () => {
    const untranslated = Object.entries(texts['zh-Hant']).filter(
      ([, text]) =>
        !/\p{Script=Han}/u.test(
          stringsOf(text)
            .join('')
            .replaceAll(/\{\w+\}/g, ''),
        ),
    );
    expect(untranslated.map(([key]) => key).filter((key) => !SAME_EVERYWHERE.has(key))).toEqual([]);
  });
});

/** Names, numbers and signs. */
const SAME_EVERYWHERE = new Set(['from', 'onDay']);

function stringsOf(text: Text): string[] {
  return typeof text === 'string' ? [text] : [text.one ?? text.other, text.other];
}

function blanksOf(text: Text): string[] {
  const blanks = stringsOf(text).flatMap((each) => each.match(/\{\w+\}/g) ?? []);
  return [...new Set(blanks)].toSorted();
}
