/** What `logs` shows, and the file beside it: the same entries, without secrets, within bounds. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { entryOf } from '../../../src/control/event-entry.ts';
import { LogBook } from '../../../src/control/log-book.ts';
import type { EngineEvent, LogEntry } from '../../../src/shared/contract.ts';
import * as limits from '../../../src/shared/limits.ts';
import { FORWARD } from '../../support/control-handlers.ts';

let dataDir: string;
let book: LogBook;

beforeEach(() => {
  dataDir = fs.mkdtempSync(join(tmpdir(), 'porthole-log-'));
  book = LogBook.open(dataDir);
});
afterEach(async () => {
  await book.close();
  fs.rmSync(dataDir, { recursive: true, force: true });
});

function logs(): string {
  return join(dataDir, 'logs');
}

function linesOf(name: string): Record<string, unknown>[] {
  const text = fs.readFileSync(join(logs(), name), 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('an entry is in the ring, with the listeners and in the file', async () => {
  const told: LogEntry[] = [];
  const stop = book.subscribe((entry) => told.push(entry));
  book.add('warn', 'Something happened.', { peer: 'ABCDE', count: 3 });
  stop();
  book.add('info', 'Something else.');
  const [first, second] = book.recent();
  expect(first).toEqual({
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    level: 'warn',
    text: 'Something happened.',
  });
  expect(told).toEqual([first]);
  await book.close();
  expect(linesOf('porthole.log')).toEqual([
    { ...first, fields: { peer: 'ABCDE', count: 3 } },
    { ...second, fields: {} },
  ]);
});

test('only this user can read the files', async () => {
  book.add('info', 'one');
  await book.close();
  expect(fs.statSync(logs()).mode & 0o777).toBe(0o700);
  expect(fs.statSync(join(logs(), 'porthole.log')).mode & 0o777).toBe(0o600);
});

test('a log goes on where the last one ended', async () => {
  book.add('info', 'one');
  await book.close();
  book = LogBook.open(dataDir);
  book.add('info', 'two');
  await book.close();
  expect(linesOf('porthole.log').map(({ text }) => text)).toEqual(['one', 'two']);
});

test('the ring is bounded', () => {
  const count = limits.LOG_ENTRIES_MAX + 7;
  for (let round = 0; round < count; round++) book.add('info', String(round));
  const texts = book.recent().map(({ text }) => text);
  expect(texts).toHaveLength(limits.LOG_ENTRIES_MAX);
  expect([texts[0], texts.at(-1)]).toEqual(['7', String(count - 1)]);
});

test('a full file is put aside, and the oldest goes', async () => {
  const filler = 'word '.repeat(190);
  for (let round = 0; round < 6; round++) {
    for (let bytes = 0; bytes < limits.LOG_FILE_BYTES; bytes += filler.length) {
      book.add('info', `${round} ${filler}`);
    }
    await book.close();
    book = LogBook.open(dataDir);
  }
  await book.close();
  const files = fs.readdirSync(logs()).toSorted();
  expect(files).toEqual(['porthole.1.log', 'porthole.2.log', 'porthole.log']);
  for (const name of files) {
    const { size, mode } = fs.statSync(join(logs(), name));
    // What was waiting when it was full goes into it too.
    expect(size).toBeLessThan(limits.LOG_FILE_BYTES + 2 * limits.LOG_WAITING_BYTES_MAX);
    expect(mode & 0o777).toBe(0o600);
    linesOf(name);
  }
});

test('an entry is one line without control characters, and never too long', async () => {
  book.add('info', `a\u001b[31mred\nnext\u202eturned ${'long words '.repeat(1000)}`);
  const [entry] = book.recent();
  expect(entry?.text).toMatch(/^a \[31mred nextturned long/);
  expect(entry?.text.length).toBe(limits.LOG_TEXT_CHARS_MAX);
});

test('row 26: planted secrets are in no file, ring, or listener', async () => {
  const secret = randomBytes(32).toString('base64url');
  const link = `porthole://pair#AQE${secret}`;
  const told: LogEntry[] = [];
  book.subscribe((entry) => told.push(entry));
  book.add('error', `Cannot use ${link} or ${secret}`, { link, [secret]: 1, token: secret });
  // At the end of what is kept, and in pieces that nobody sees.
  book.add('info', `${'word '.repeat(196)}${secret}`);
  book.add('info', secret.split('').join('\u200b'));
  book.add('info', `${secret.slice(0, 20)}\u202e${secret.slice(20)}`);
  await book.close();
  const file = fs.readFileSync(join(logs(), 'porthole.log'), 'utf8');
  for (const text of [file, JSON.stringify(book.recent()), JSON.stringify(told)]) {
    expect(text).toContain('[redacted]');
    for (let at = 0; at + 8 <= secret.length; at++) {
      expect(text).not.toContain(secret.slice(at, at + 8));
    }
  }
});

test('a file that cannot be written costs the file only', async () => {
  await book.close();
  fs.rmSync(logs(), { recursive: true });
  fs.mkdirSync(join(logs(), 'porthole.log'), { recursive: true });
  book = LogBook.open(dataDir);
  const lost = new Promise<void>((resolve) => {
    book.subscribe(({ level }) => {
      if (level === 'error') resolve();
    });
  });
  book.add('info', 'one');
  await lost;
  book.add('info', 'two');
  expect(book.recent().map(({ level }) => level)).toEqual(['info', 'error', 'info']);
});

describe('events of the engine', () => {
  const peer = { peer: 'ABCDE', peerName: 'laptop' };
  const link = { kind: 'link', ...peer, path: 'datachannel', reason: '' } as const;
  const health = { kind: 'health', share: '00', name: 'web', target: '127.0.0.1:3000' } as const;
  const cases: readonly [EngineEvent, string, string][] = [
    [{ ...link, state: 'connecting' }, 'info', 'Connecting to laptop.'],
    [{ ...link, state: 'up' }, 'info', 'Connected to laptop (datachannel).'],
    [{ ...link, state: 'closed' }, 'info', 'Disconnected from laptop.'],
    [
      { ...link, state: 'closed', reason: 'The network is gone.' },
      'warn',
      'Connection to laptop was lost (The network is gone).',
    ],
    [{ ...link, state: 'held' }, 'warn', 'Connection to laptop was interrupted. Reconnecting.'],
    [{ kind: 'paired', ...peer }, 'info', 'Paired with laptop.'],
    [
      { kind: 'forward', forward: FORWARD },
      'info',
      '127.0.0.1:5432 leads to "database" on laptop.',
    ],
    [
      { kind: 'forward', forward: { ...FORWARD, state: 'waiting' } },
      'info',
      '127.0.0.1:5432 waits for "database" on laptop.',
    ],
    [
      { kind: 'forward-closed', share: '00', local: '127.0.0.1:5432', peer: 'ABCDE' },
      'info',
      '127.0.0.1:5432 was closed.',
    ],
    [
      { kind: 'refused', ...peer, code: 'E_NOT_ALLOWED' },
      'warn',
      'laptop turned a connection down (E_NOT_ALLOWED).',
    ],
    [{ ...health, health: 'up' }, 'info', '127.0.0.1:3000 answers; "web" can be used.'],
    [
      { ...health, health: 'down' },
      'warn',
      'Nothing answers on 127.0.0.1:3000. Start your app; "web" resumes by itself.',
    ],
    [{ kind: 'notice', level: 'error', code: 'E_X', text: 'Words.' }, 'error', 'Words.'],
  ];
  test.each(cases)('%j', (event, level, text) => {
    expect(entryOf(event)).toMatchObject({ level, text });
  });
});
