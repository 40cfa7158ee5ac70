/** One file: damage, full disks, and what others put in the way. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { DurableFile } from '../../../src/engine/store/durable-file.ts';
import type { DurableFileOptions } from '../../../src/engine/store/durable-file.ts';
import { realFileSystem } from '../../../src/engine/store/file-system.ts';
import { DATA_FILE_BYTES_MAX } from '../../../src/shared/limits.ts';
import { makeFolder, removeFolders, watchedFileSystem } from '../../support/store-samples.ts';

const schema = v.object({ word: v.string() });
type Word = v.InferOutput<typeof schema>;

let folder: string;
let path: string;
beforeEach(() => {
  folder = makeFolder();
  path = join(folder, 'words.json');
});
afterAll(removeFolders);

function fileOf(change: Partial<DurableFileOptions<Word>> = {}): DurableFile<Word> {
  return new DurableFile<Word>({
    path,
    schema,
    encode: (value) => value,
    empty: { word: '' },
    privacy: 'secret',
    access: 'write',
    fileSystem: realFileSystem,
    words: { subject: 'Words', recovered: 'Older ones are used.', lost: 'They are gone.' },
    ...change,
  });
}

function messageOf(act: () => void): string {
  try {
    act();
    return '';
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

/** A file that was saved twice. */
function savedTwice(): DurableFile<Word> {
  const file = fileOf();
  file.save({ word: 'one' });
  file.save({ word: 'two' });
  return file;
}

const content = (word: string): string => `${JSON.stringify({ version: 1, word }, null, 2)}\n`;
const DAMAGE = [
  '',
  '{',
  'null',
  '[]',
  '{"version":1}',
  '{"version":1,"word":7}',
  '\u0000\u0000',
  '\ufffd',
];

describe('a durable file', () => {
  test('is empty until it is saved', () => {
    expect(fileOf().load()).toStrictEqual({ kind: 'empty', value: { word: '' } });
    expect(readdirSync(folder)).toStrictEqual([]);
  });

  test('keeps what was saved, and the version before, for its owner alone', () => {
    savedTwice();
    expect(fileOf().load()).toStrictEqual({ kind: 'loaded', value: { word: 'two' } });
    expect(readdirSync(folder)).toStrictEqual(['words.json', 'words.json.last']);
    expect(readFileSync(path, 'utf8')).toBe(content('two'));
    expect(readFileSync(`${path}.last`, 'utf8')).toBe(content('one'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}.last`).mode & 0o777).toBe(0o600);
  });

  test('leaves nothing of the version before where it was revoked', () => {
    savedTwice().saveOver({ word: 'three' });
    expect(readFileSync(path, 'utf8')).toBe(content('three'));
    expect(readFileSync(`${path}.last`, 'utf8')).toBe(content('three'));
  });

  test('is kept on a file system without hard links', () => {
    const fileSystem = watchedFileSystem({
      before(_step, call) {
        if (call === 'linkSync') throw Object.assign(new Error('no'), { code: 'EPERM' });
      },
    });
    savedTwice();
    fileOf({ fileSystem }).save({ word: 'three' });
    expect(readFileSync(path, 'utf8')).toBe(content('three'));
    expect(readFileSync(`${path}.last`, 'utf8')).toBe(content('two'));
  });

  test('takes a byte order mark, spaces, and no version, as editors and people write it', () => {
    writeFileSync(path, '\ufeff \n{ "word" : "ü" }\r\n', { mode: 0o600 });
    expect(fileOf().load()).toStrictEqual({ kind: 'loaded', value: { word: 'ü' } });
  });

  test('writes nothing that it could not read again', () => {
    const file = savedTwice();
    const wrong = { word: 3 } as unknown as Word;
    expect(() => file.save(wrong)).toThrow('words.json could not be read again');
    expect(readFileSync(path, 'utf8')).toBe(content('two'));
  });
});

describe('a damaged file', () => {
  test.each(DAMAGE)('that holds %j is set aside, and the version before is used', (damage) => {
    savedTwice();
    writeFileSync(path, damage);
    expect(fileOf().load()).toStrictEqual({
      kind: 'recovered',
      value: { word: 'one' },
      notice:
        'Words could not be read and were set aside as words.broken.json. Older ones are used.',
    });
    expect(readFileSync(join(folder, 'words.broken.json'), 'utf8')).toBe(damage);
    expect(fileOf().load()).toStrictEqual({ kind: 'loaded', value: { word: 'one' } });
  });

  test('is used up: both versions', () => {
    savedTwice();
    writeFileSync(path, '{');
    writeFileSync(`${path}.last`, '}');
    expect(fileOf().load()).toStrictEqual({
      kind: 'lost',
      value: { word: '' },
      notice: 'Words could not be read and were set aside as words.broken.json. They are gone.',
    });
    fileOf().save({ word: 'new' });
    expect(fileOf().load()).toStrictEqual({ kind: 'loaded', value: { word: 'new' } });
    fileOf().save({ word: 'newer' });
    expect(readFileSync(`${path}.last`, 'utf8')).toBe(content('new'));
  });

  test('that somebody removed comes back from the version before', () => {
    savedTwice();
    rmSync(path);
    expect(fileOf().load()).toMatchObject({ kind: 'recovered', value: { word: 'one' } });
    expect(readFileSync(path, 'utf8')).toBe(content('one'));
    expect(readFileSync(`${path}.last`, 'utf8')).toBe(content('one'));
  });

  test('stays where it is when the folder was opened for reading', () => {
    savedTwice();
    writeFileSync(path, '{');
    const before = readdirSync(folder);
    const file = fileOf({ access: 'read' });
    expect(file.load()).toStrictEqual({
      kind: 'recovered',
      value: { word: 'one' },
      notice: 'Words could not be read. Older ones are used.',
    });
    expect(() => file.save({ word: 'x' })).toThrow('was opened for reading');
    expect(() => file.saveOver({ word: 'x' })).toThrow('was opened for reading');
    expect(readdirSync(folder)).toStrictEqual(before);
    expect(readFileSync(path, 'utf8')).toBe('{');
  });

  test('tells nothing of what it holds', () => {
    writeFileSync(path, '{"version":1,"word":"hunter2"', { mode: 0o600 });
    expect(JSON.stringify(fileOf().load())).not.toContain('hunter2');
  });

  test('is one that is too large for memory', () => {
    savedTwice();
    truncateSync(path, 20 * 1024 ** 3);
    expect(fileOf().load()).toMatchObject({ kind: 'recovered', value: { word: 'one' } });
  });
});

describe('a file that is not damaged', () => {
  test.each([2, 17, 1.5])('but of version %d is left alone', (version) => {
    const text = JSON.stringify({ version, words: ['new'] });
    writeFileSync(path, text, { mode: 0o600 });
    expect(() => fileOf().load()).toThrow(
      `${path} was written by a newer Porthole. Update this one.`,
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test.each([0o640, 0o604, 0o620, 0o644, 0o666])('but open to others (%o) is refused', (mode) => {
    savedTwice();
    chmodSync(path, mode);
    expect(() => fileOf().load()).toThrow(
      `Others on this computer can read ${path}, so it was not used. Run: chmod 600 ${path}`,
    );
    expect(statSync(path).mode & 0o777).toBe(mode);
    expect(fileOf({ privacy: 'plain' }).load()).toMatchObject({ kind: 'loaded' });
    chmodSync(path, 0o600);
    expect(fileOf().load()).toMatchObject({ kind: 'loaded' });
  });

  test('but a folder is told', () => {
    mkdirSync(path);
    expect(() => fileOf().load()).toThrow(`cannot read ${path} (it is no file)`);
  });

  test('but a link to a secret elsewhere is not followed', () => {
    const elsewhere = join(makeFolder(), 'words.json');
    writeFileSync(elsewhere, content('theirs'), { mode: 0o600 });
    symlinkSync(elsewhere, path);
    expect(() => fileOf().load()).toThrow(`cannot read ${path} (ELOOP)`);
  });
});

describe('writing', () => {
  test('does not follow a link where the new version is written', () => {
    const victim = join(makeFolder(), 'victim');
    writeFileSync(victim, 'theirs');
    symlinkSync(victim, `${path}.new`);
    fileOf().save({ word: 'mine' });
    expect(readFileSync(victim, 'utf8')).toBe('theirs');
    expect(readdirSync(folder)).toStrictEqual(['words.json']);
    expect(fileOf().load()).toMatchObject({ value: { word: 'mine' } });
  });

  test('is not held up by what a crash left, however it may be used', () => {
    writeFileSync(`${path}.new`, 'half of', { mode: 0o666 });
    fileOf().save({ word: 'whole' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toStrictEqual(['words.json']);
  });

  test('fails with a sentence when something that is no file is in the way', () => {
    mkdirSync(`${path}.new`);
    expect(() => fileOf().save({ word: 'x' })).toThrow(
      `The data folder ${folder} cannot be written`,
    );
  });

  test('refuses what would be too large to read', () => {
    const file = savedTwice();
    expect(() => file.save({ word: 'x'.repeat(DATA_FILE_BYTES_MAX) })).toThrow('(EFBIG)');
    expect(file.load()).toMatchObject({ kind: 'loaded', value: { word: 'two' } });
  });

  test.each(['save', 'saveOver'] as const)('%s that fails at any step changes nothing', (way) => {
    const refused = `The data folder ${folder} cannot be written (ENOSPC). Choose another with --data-dir, or mend its permissions.`;
    const outcomes: string[] = [];
    for (let failing = 1, isDone = false; !isDone; failing++) {
      rmSync(folder, { recursive: true });
      mkdirSync(folder, { mode: 0o700 });
      savedTwice();
      isDone = true;
      const fileSystem = watchedFileSystem({
        before(step) {
          if (step < failing) return;
          isDone = false;
          throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        },
      });
      const outcome = messageOf(() => fileOf({ fileSystem })[way]({ word: 'three' }));
      const word = outcome === '' ? 'three' : 'two';
      expect(fileOf().load(), `step ${failing}`).toStrictEqual({ kind: 'loaded', value: { word } });
      outcomes.push(outcome);
    }
    expect(new Set(outcomes)).toStrictEqual(new Set([refused, '']));
    expect(outcomes.indexOf('')).toBeGreaterThan(7);
    expect(existsSync(`${path}.new`)).toBe(false);
  });
});
