import { expect, test } from 'vitest';
import { portholeError } from '../../../src/shared/errors.ts';
import { sayWarning } from '../../../src/renderer/screens/add-device/said-warnings.ts';

test('what the engine warns of is told in the language of the page', () => {
  const late =
    'Another device (x) also tried this code. Go on only if both screens show the same number.';
  expect(sayWarning(late, 'en')).toBe(late);
  expect(sayWarning(late, 'zh-Hant')).toMatch(/^另一台裝置也試用了/);
  expect(sayWarning('Someone tried an invalid code. This one stays good.', 'zh-Hans')).toMatch(
    /^有人试了/,
  );
  const failed = `A computer with the code could not connect: ${portholeError('E_UNREACHABLE', { reason: 'x' }).message}`;
  expect(sayWarning(failed, 'zh-Hant')).toMatch(/^一台持有代碼/);
});

test('an error that is only a warning is known by its sentence', () => {
  const { message } = portholeError('E_ANSWER_MISMATCH');
  expect(sayWarning(message, 'zh-Hant')).toMatch(/^這個回覆屬於另一個代碼/);
  const expected = portholeError('E_ANSWER_EXPECTED', { given: 'a code to pair with' });
  expect(sayWarning(expected.message, 'zh-Hans')).toMatch(/^这不是此处所显示代码的回复/);
});

test('a sentence that nobody knows stays', () => {
  expect(sayWarning('Something new.', 'zh-Hans')).toBe('Something new.');
});
