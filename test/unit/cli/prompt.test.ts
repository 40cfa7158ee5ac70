/** Lines of standard input, and the questions that are asked there. */
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { InputLines } from '../../../src/cli/input-lines.ts';
import type { LineOutcome } from '../../../src/cli/input-lines.ts';
import { askYesNo, readCode, readPassphrase } from '../../../src/cli/prompt.ts';
import {
  ANSWER_BYTES_MAX,
  INVITE_TEXT_BYTES_MAX,
  PASSPHRASE_BYTES_MAX,
  QUESTION_REPEATS_MAX,
} from '../../../src/shared/limits.ts';

const { signal } = new AbortController();

interface Typing {
  readonly input: PassThrough & { isTTY?: boolean };
  readonly lines: InputLines;
  readonly shown: string[];
}

function start(where: 'pipe' | 'terminal' = 'pipe'): Typing {
  const input: Typing['input'] = new PassThrough();
  if (where === 'terminal') input.isTTY = true;
  const shown: string[] = [];
  return { input, shown, lines: new InputLines(input, (text) => shown.push(text)) };
}

async function next(lines: InputLines, bytesMax = 100): Promise<LineOutcome> {
  return lines.next({ prompt: '> ', bytesMax, signal });
}

function line(text: string): LineOutcome {
  return { kind: 'line', text };
}

describe('lines', () => {
  test('all that came in one piece come out one by one, also before anybody asked', async () => {
    const { input, lines } = start();
    input.end('one\ntwo\r\n\r\n  \nthree\rfour');
    for (const text of ['one', 'two', 'three', 'four']) {
      expect(await next(lines)).toEqual(line(text));
    }
    expect(await next(lines)).toEqual({ kind: 'end' });
    expect(await next(lines)).toEqual({ kind: 'end' });
  });

  test('a line may come byte by byte, and a character in two pieces', async () => {
    const { input, lines } = start();
    const bytes = Buffer.from('größe 是\r\nx\n');
    const first = next(lines);
    for (const byte of bytes) input.write(Uint8Array.of(byte));
    expect(await first).toEqual(line('größe 是'));
    expect(await next(lines)).toEqual(line('x'));
  });

  test('the longest line fits, a longer one is told once, the next one is whole', async () => {
    const { input, lines } = start();
    input.write(`${'a'.repeat(100)}\n${'b'.repeat(101)}\nafter\n`);
    expect(await next(lines)).toEqual(line('a'.repeat(100)));
    expect(await next(lines)).toEqual({ kind: 'too-long' });
    expect(await next(lines)).toEqual(line('after'));
    const long = next(lines);
    input.write('c'.repeat(101));
    expect(await long).toEqual({ kind: 'too-long' });
    const behind = next(lines);
    for (let round = 0; round < 50; round++) input.write('c'.repeat(10_000));
    input.write('c\nbehind\n');
    expect(await behind).toEqual(line('behind'));
  });

  test('a line that never ends is not held', async () => {
    const { input, lines } = start();
    input.write('x'.repeat(200_000));
    expect(await next(lines)).toEqual({ kind: 'too-long' });
    input.end();
    expect(await next(lines)).toEqual({ kind: 'end' });
  });

  test('the length counts bytes', async () => {
    const { input, lines } = start();
    input.end(`${'是'.repeat(33)}\n${'是'.repeat(34)}\n`);
    expect(await next(lines)).toEqual(line('是'.repeat(33)));
    expect(await next(lines)).toEqual({ kind: 'too-long' });
  });

  test('nothing is read while nobody asks', async () => {
    const { input, lines } = start();
    input.write('one\n');
    expect(await next(lines)).toEqual(line('one'));
    while (input.write('y'.repeat(1000)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(input.readableLength + input.writableLength).toBeGreaterThan(10_000);
    input.end('\nlast\n');
    expect(await next(lines)).toEqual({ kind: 'too-long' });
    expect(await next(lines)).toEqual(line('last'));
  });

  test('an abort rejects, and loses no line', async () => {
    const { input, lines } = start();
    const wish = new AbortController();
    const waiting = lines.next({ prompt: '', bytesMax: 100, signal: wish.signal });
    input.write('begun ');
    wish.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    const gone = lines.next({ prompt: '', bytesMax: 100, signal: wish.signal });
    await expect(gone).rejects.toMatchObject({ name: 'AbortError' });
    input.write('and ended\n');
    expect(await next(lines)).toEqual(line('begun and ended'));
  });

  test.each(['error', 'close'] as const)('%s is the end', async (how) => {
    const { input, lines } = start();
    const waiting = next(lines);
    if (how === 'error') input.destroy(new Error('EIO'));
    else lines.close();
    expect(await waiting).toEqual({ kind: 'end' });
    expect(input.destroyed).toBe(true);
  });

  test('a prompt is shown in a terminal only, and again after Enter alone', async () => {
    const terminal = start('terminal');
    terminal.input.write('\n\nword\n');
    expect(await next(terminal.lines)).toEqual(line('word'));
    expect(terminal.shown).toEqual(['> ', '> ', '> ']);
    const pipe = start();
    pipe.input.write('\nword\n');
    expect(await next(pipe.lines)).toEqual(line('word'));
    expect(pipe.shown).toEqual([]);
  });
});

describe('a code', () => {
  test('without the blanks around it', async () => {
    const { input, lines } = start();
    input.end('\n  porthole://pair#abc \n');
    expect(await readCode(lines, { prompt: '', signal })).toBe('porthole://pair#abc');
    expect(await readCode(lines, { prompt: '', signal })).toBeUndefined();
  });

  test('a line that is too long is none', async () => {
    const { input, lines } = start();
    input.end('x'.repeat(INVITE_TEXT_BYTES_MAX + 1));
    const code = readCode(lines, { prompt: '', signal });
    await expect(code).rejects.toMatchObject({ code: 'E_INVITE_INVALID' });
  });
});

describe('yes or no', () => {
  test.each([
    ['yes', 'yes'],
    ['Y', 'yes'],
    [' YES ', 'yes'],
    ['ｙｅｓ', 'yes'],
    ['是', 'yes'],
    ['no', 'no'],
    ['N', 'no'],
    ['否', 'no'],
  ])('%j is %s', async (typed, answer) => {
    const { input, lines } = start();
    input.end(`${typed}\n`);
    expect(await askYesNo(lines, { prompt: '', signal })).toBe(answer);
  });

  test('anything else is asked again, then it is no', async () => {
    const { input, lines, shown } = start('terminal');
    const wrong = ['maybe', 'constructor', 'x'.repeat(ANSWER_BYTES_MAX + 1)];
    input.write(`${wrong.join('\n')}\nyes\n`);
    expect(await askYesNo(lines, { prompt: 'Match? ', signal })).toBe('yes');
    expect(shown).toEqual(['Match? ', ...wrong.map(() => 'Please answer yes or no: ')]);
    input.write('maybe\n'.repeat(QUESTION_REPEATS_MAX + 1));
    expect(await askYesNo(lines, { prompt: '', signal })).toBe('no');
  });

  test('the end is neither', async () => {
    const { input, lines } = start();
    input.end('maybe\n');
    expect(await askYesNo(lines, { prompt: '', signal })).toBe('end');
  });
});

describe('a passphrase from a pipe', () => {
  test('is taken as it is', async () => {
    const { input, lines } = start();
    input.end(' correct  horse\b \n');
    expect(await readPassphrase(lines, { prompt: '', signal })).toBe(' correct  horse\b ');
    expect(await readPassphrase(lines, { prompt: '', signal })).toBeUndefined();
  });

  test('has a bound', async () => {
    const { input, lines } = start();
    input.end('x'.repeat(PASSPHRASE_BYTES_MAX + 1));
    const read = readPassphrase(lines, { prompt: '', signal });
    await expect(read).rejects.toMatchObject({ code: 'E_USAGE' });
  });
});
