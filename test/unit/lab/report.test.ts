/** The page of the lab keeps what it does not own, and the matrix asks for what it says. */
import { describe, expect, test } from 'vitest';
import { faultsOf, slownessOf } from '../../../lab/matrix/matrix.ts';
import { markdownOf, withBlock } from '../../../lab/report.ts';

describe('a block of the page', () => {
  test('is added at the end when it is not there', () => {
    expect(withBlock('# Page\n', 'one', 'text')).toBe(
      '# Page\n\n<!-- generated:lab:one -->\n\ntext\n\n<!-- /generated -->\n',
    );
  });

  test('is replaced alone', () => {
    const page = withBlock(withBlock('# Page\n', 'one', 'first'), 'two', 'second');
    expect(withBlock(page, 'one', 'other')).toBe(page.replace('first', 'other'));
    expect(withBlock(page, 'two', 'other')).toBe(page.replace('second', 'other'));
  });

  test('without an end is not guessed', () => {
    expect(() => withBlock('<!-- generated:lab:one -->', 'one', 'text')).toThrow('no end');
  });
});

test('Markdown says what was not met, and escapes what a table cannot hold', () => {
  const section = {
    title: 'Part',
    text: 'Text.',
    tables: [{ heads: ['a|b'], rows: [['c']] }],
    rows: [],
  };
  const table = '| a\\|b |\n| --- |\n| c |';
  expect(markdownOf({ ...section, violations: [] })).toBe(
    `## Part\n\nText.\n\n${table}\n\nAll of it was met.`,
  );
  expect(markdownOf({ ...section, violations: ['this', 'that'] })).toBe(
    `## Part\n\nText.\n\n${table}\n\nNot met:\n\n- this\n- that`,
  );
});

function cell(lossPercent: number, roundTripMs: number, megabits: number) {
  return {
    lossPercent,
    roundTripMs,
    raw: { megabits: 100, longestGapMs: 10 },
    porthole: { megabits, longestGapMs: 10 },
  };
}

describe('the matrix', () => {
  test.each([
    [0, 20, 59, 1],
    [0, 100, 60, 0],
    [0, 200, 1, 0],
    [0.1, 50, 99, 1],
    [0.1, 50, 100, 0],
    [0.1, 100, 1, 0],
  ])('%d %% at %d ms with %d of 100 Mbit/s: %d not met', (loss, trip, megabits, count) => {
    expect(slownessOf(cell(loss, trip, megabits))).toHaveLength(count);
  });

  test('tells a stall and a fault', () => {
    const fine = cell(1, 1, 1);
    expect(faultsOf(fine)).toEqual([]);
    const bad = { ...fine, porthole: { megabits: 1, longestGapMs: 5100, fault: 'byte 7' } };
    expect(faultsOf(bad)).toEqual(['1 % at 1 ms: byte 7', '1 % at 1 ms: 5.1 s without a byte']);
  });
});
