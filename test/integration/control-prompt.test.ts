/** Questions on the standard input of real processes: a pipe, a file, a terminal, nothing. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { watchForLeaks } from '../support/leaks.ts';
import { needs } from '../support/programs.ts';
import { within } from '../support/tcp.ts';

const CHILD = fileURLToPath(new URL('../support/prompt-child.ts', import.meta.url));
/** Python gives a program a terminal of its own; what comes in is typed there. */
const TERMINAL = [
  '-c',
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))',
];
const noPython = needs('python3');

let expectNothingLeft: () => Promise<void>;
const children: ChildProcess[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => expectNothingLeft());

class Asking {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';
  #wake: () => void = () => {};

  constructor(role: 'code' | 'passphrase', where: 'terminal' | 'pipe' | number) {
    const args = ['--import', 'tsx', CHILD, role];
    const [program, ...all] =
      where === 'terminal'
        ? ['python3', ...TERMINAL, process.execPath, ...args]
        : [process.execPath, ...args];
    const input = typeof where === 'number' ? where : 'pipe';
    this.#child = spawn(program ?? '', all, { stdio: [input, 'pipe', 'pipe'] });
    children.push(this.#child);
    this.#child.stdin?.on('error', () => undefined);
    this.#ended = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#wake();
      });
    }
  }

  get output(): string {
    return this.#output;
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  async printed(text: string): Promise<void> {
    const find = async (): Promise<void> => {
      while (!this.#output.includes(text)) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    };
    await within(`${JSON.stringify(text)} in ${JSON.stringify(this.#output)}`, find());
  }

  /** What it got, once it has ended by itself. */
  async got(): Promise<unknown[]> {
    await within(`the end of ${JSON.stringify(this.#output)}`, this.#ended);
    const lines = this.#output.split(/\r?\n/).filter((line) => /^\{.*\}$/.test(line));
    return lines.map((line) => JSON.parse(line) as unknown);
  }
}

describe('a pipe', () => {
  test('all lines at once; the process ends although the pipe stays open', async () => {
    const asking = new Asking('code', 'pipe');
    asking.type('\nporthole://pair#abc\nyes\nmore\n');
    expect(await asking.got()).toEqual([{ code: 'porthole://pair#abc' }, { answer: 'yes' }]);
    expect(asking.output).not.toContain('Paste');
  });

  test('line by line', async () => {
    const asking = new Asking('code', 'pipe');
    asking.type('porthole://pair#abc\n');
    await asking.printed('"code"');
    asking.type('no\n');
    expect(await asking.got()).toEqual([{ code: 'porthole://pair#abc' }, { answer: 'no' }]);
  });

  test('that ends early', async () => {
    const asking = new Asking('code', 'pipe');
    asking.type('porthole://pair#abc');
    asking.endInput();
    expect(await asking.got()).toEqual([{ code: 'porthole://pair#abc' }, { answer: 'end' }]);
  });
});

async function gotFrom(path: string): Promise<unknown[]> {
  const file = fs.openSync(path, 'r');
  try {
    return await new Asking('code', file).got();
  } finally {
    fs.closeSync(file);
  }
}

describe('a descriptor', () => {
  test('a file', async () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'porthole-prompt-'));
    fs.writeFileSync(join(folder, 'lines'), 'porthole://pair#abc\r\n\r\nYES');
    const got = await gotFrom(join(folder, 'lines'));
    fs.rmSync(folder, { recursive: true });
    expect(got).toEqual([{ code: 'porthole://pair#abc' }, { answer: 'yes' }]);
  });

  test.each(['/dev/null', tmpdir()])('%s', async (path) => {
    expect(await gotFrom(path)).toEqual([{ code: null }, { answer: 'end' }]);
  });
});

describe.skipIf(noPython.missing)(`a terminal${noPython.note}`, () => {
  test('shows prompts, and repeats them', async () => {
    const asking = new Asking('code', 'terminal');
    await asking.printed('Paste the link: ');
    asking.type('porthole://pair#abc\n');
    await asking.printed('Do they match? ');
    asking.type('maybe\n');
    await asking.printed('Please answer yes or no: ');
    asking.type('y\n');
    expect(await asking.got()).toEqual([{ code: 'porthole://pair#abc' }, { answer: 'yes' }]);
  });

  test('a passphrase is not shown, and can be edited', async () => {
    const asking = new Asking('passphrase', 'terminal');
    await asking.printed('Passphrase: ');
    asking.type('wrong\u0015corrext\u007f\u007f\u007fect \u001b[Dhörse是x\u007f\r');
    const passphrase = Buffer.from('correct hörse是').toString('hex');
    expect(await asking.got()).toEqual([{ passphrase }]);
    for (const secret of ['wrong', 'corr', 'rse']) expect(asking.output).not.toContain(secret);
  });

  test('Ctrl+C in a passphrase ends it', async () => {
    const asking = new Asking('passphrase', 'terminal');
    await asking.printed('Passphrase: ');
    asking.type('half\u0003');
    expect(await asking.got()).toMatchObject([{ name: 'AbortError' }]);
    expect(asking.output).not.toContain('half');
  });

  test('Ctrl+D instead of a passphrase is the end', async () => {
    const asking = new Asking('passphrase', 'terminal');
    await asking.printed('Passphrase: ');
    asking.type('\u0004');
    expect(await asking.got()).toEqual([{ passphrase: null }]);
  });
});
