/**
 * Whatever a person gets wrong: each has its code, its exit status and a sentence, as an event for
 * scripts and in words for people, and what is secret appears nowhere.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createInvite, encodeInvite, INVITE_PREFIX } from '../../src/engine/pairing/invite.ts';
import { INVITE_TEXT_BYTES_MAX } from '../../src/shared/limits.ts';
import { Command, endCommands, linkOf, MAIN } from '../support/command.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { runProgram } from '../support/programs.ts';
import { freePort, listen } from '../support/tcp.ts';

const SHARE = ['--invite', '--trust-invite'];
const JOIN = ['join', '--trust-invite'];
const NOBODY = 65_534;

interface Mistake {
  readonly args: readonly string[];
  /** The line on standard input. */
  readonly input?: string;
  readonly code: string;
  readonly status: 1 | 2;
  readonly sentence: RegExp;
}

let expectNothingLeft: () => Promise<void>;
beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(endCommands);
afterAll(async () => expectNothingLeft());

async function run(args: readonly string[], input?: string) {
  const command = Command.start(args);
  if (input !== undefined) command.writeLine(input);
  return command.end();
}

/** Judges both forms; returns all that was printed. */
async function expectMistake({ args, input, code, status, sentence }: Mistake): Promise<string> {
  const [command = '', ...rest] = args;
  const [script, person] = await Promise.all([
    run([command, '--json', ...rest], input),
    run(args, input),
  ]);
  const message: unknown = expect.stringMatching(sentence);
  const lines = script.stdout.split('\n');
  expect(JSON.parse(lines.at(-2) ?? '')).toStrictEqual({ event: 'error', code, message });
  // Whoever read a good link says so first.
  for (const line of lines.slice(0, -2)) expect(line).toContain('"state":"connecting"');
  expect(script).toMatchObject({ stderr: '', code: status, signal: null });
  expect(person).toMatchObject({ code: status, signal: null });
  expect(person.stdout).toMatch(/^(Connecting to \S+…\n)?$/);
  expect(person.stderr).toMatch(sentence);
  expect(person.stderr.endsWith(`\n(${code})\n`)).toBe(true);
  return script.stdout + person.stdout + person.stderr;
}

function craftLink({ expiresAt = Date.now() + 600_000, port = 9 } = {}): string {
  const invite = createInvite({
    publicKey: randomBytes(32),
    nowMs: Date.now(),
    name: 'craft',
    endpoints: [{ host: '127.0.0.1', port }],
    trust: 'trust-invite',
  });
  return encodeInvite({ ...invite, expiresAt: Math.floor(expiresAt / 1000) * 1000 });
}

/** The same link of another version, its check made anew. */
function ofVersion(link: string, version: number): string {
  const blob = Buffer.from(link.slice(INVITE_PREFIX.length), 'base64url');
  const body = Buffer.from(blob.subarray(0, -4));
  body[0] = version;
  const check = createHash('sha256').update(body).digest().subarray(0, 4);
  return INVITE_PREFIX + Buffer.concat([body, check]).toString('base64url');
}

/** Any run of the code long enough to be worth something. */
function expectNoSecret(printed: string, link: string): void {
  const code = link.replace(INVITE_PREFIX, '');
  for (let at = 0; at + 12 <= code.length; at += 4) {
    expect(printed).not.toContain(code.slice(at, at + 12));
  }
}

describe('what is not a target', () => {
  test.each([
    '0',
    '65536',
    'abc',
    'host:',
    ':80',
    '',
    ' ',
    '-1',
    '1e3',
    '80.5',
    '0x50',
    'a b:80',
    '[::1]',
    'x:y:80',
    '99999999999999999999',
  ])('share "%s"', async (target) => {
    await expectMistake({
      args: ['share', target, ...SHARE],
      code: 'E_TARGET_INVALID',
      status: 2,
      sentence: /is not something to share\. Give a port from 1 to 65535/,
    });
  });
});

describe('what is not a command', () => {
  const mistakes: Record<string, Mistake> = {
    'an unknown command': {
      args: ['shore', '80'],
      code: 'E_USAGE',
      status: 2,
      sentence: /unknown command 'shore'/,
    },
    'an unknown option': {
      args: ['join', '--trust-invites'],
      code: 'E_USAGE',
      status: 2,
      sentence: /unknown option '--trust-invites'/,
    },
    'a missing target': {
      args: ['share', ...SHARE],
      code: 'E_USAGE',
      status: 2,
      sentence: /missing required argument 'target'/,
    },
    'an option without its value': {
      args: ['join', '--trust-invite', '--local'],
      code: 'E_USAGE',
      status: 2,
      sentence: /argument missing/,
    },
    'too many arguments': {
      args: ['share', '80', '81', ...SHARE],
      code: 'E_USAGE',
      status: 2,
      sentence: /too many arguments/,
    },
    'a link as an argument': {
      args: ['join', '--trust-invite', craftLink()],
      code: 'E_USAGE',
      status: 2,
      sentence: /A link never goes in an argument/,
    },
    'demo for no number of seconds': {
      args: ['demo', '--seconds', 'soon'],
      code: 'E_USAGE',
      status: 2,
      sentence: /--seconds takes a number of seconds, not "soon"/,
    },
  };
  test.each(Object.entries(mistakes))('%s', async (_name, mistake) => {
    await expectMistake(mistake);
  });

  test('no command at all shows the help and is wrong usage', async () => {
    const end = await run([]);
    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(end.stderr).toMatch(/^Usage: porthole[^]*\nName a command, such as .+\n\(E_USAGE\)\n$/);
  });

  test('no command at all, for a script', async () => {
    const { code, stdout, stderr } = await run(['--json']);
    expect([code, stderr]).toStrictEqual([2, '']);
    const message: unknown = expect.stringMatching(/^Name a command/);
    expect(JSON.parse(stdout)).toStrictEqual({ event: 'error', code: 'E_USAGE', message });
  });

  test.each([
    { args: [...JOIN, '--local', '--json'], needs: /^--local needs a port\.$/ },
    { args: [...JOIN, '--data-dir', '--json'], needs: /^--data-dir needs a folder\.$/ },
    { args: ['share', '9', ...SHARE, '--name', '--json'], needs: /^--name needs a name\.$/ },
    { args: ['demo', '--seconds', '--json'], needs: /^--seconds needs a number\.$/ },
  ])('an option for a value: $args', async ({ args, needs }) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stderr]).toStrictEqual([2, '']);
    const message: unknown = expect.stringMatching(needs);
    expect(JSON.parse(stdout)).toStrictEqual({ event: 'error', code: 'E_USAGE', message });
  });

  test('help and version are no failure', async () => {
    for (const asked of [['--help'], ['help', 'share'], ['join', '--help'], ['--version']]) {
      expect(await run(asked)).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

describe('share without --invite', () => {
  test('nobody can use it yet, and it says so', async () => {
    const share = Command.start(['share', '9']);
    await share.printed(/Sharing 127\.0\.0\.1:9 as "9"\.\nNo device is paired yet, .*--invite/);
    expect((await share.endBy('SIGTERM')).code).toBe(0);
  });
});

describe('what is not a link', () => {
  const link = craftLink();
  const invalid = /not a Porthole code.*porthole:\/\/pair#/;
  const damaged = /code is incomplete/;
  const bad: Record<string, [input: string, code: string, sentence: RegExp]> = {
    words: ['hello there', 'E_INVITE_INVALID', invalid],
    'another link': ['https://example.com/#AQBCDEFG', 'E_INVITE_INVALID', invalid],
    'bytes that are no text': ['\u0000\u0007\uFFFD', 'E_INVITE_INVALID', invalid],
    'a very long line': ['A'.repeat(100_000), 'E_INVITE_INVALID', invalid],
    'only the beginning': [INVITE_PREFIX, 'E_INVITE_DAMAGED', damaged],
    'cut short by one': [link.slice(0, -1), 'E_INVITE_DAMAGED', damaged],
    'cut in the middle': [link.slice(0, 60), 'E_INVITE_DAMAGED', damaged],
    'without its beginning': [link.slice(40), 'E_INVITE_INVALID', invalid],
    'of another version': [ofVersion(link, 2), 'E_VERSION', /protocol version 2, this one 1/],
    expired: [
      craftLink({ expiresAt: Date.now() - 3_600_000 }),
      'E_INVITE_EXPIRED',
      /expired at \d\d:\d\d\. Ask for a new one/,
    ],
  };
  test.each(Object.entries(bad))('%s', async (_name, [input, code, sentence]) => {
    const printed = await expectMistake({ args: JOIN, input, code, status: 1, sentence });
    if (input.length > 60) expectNoSecret(printed, input);
  });

  test('a line without end: told as soon as it is too long for a link', async () => {
    const command = Command.start([...JOIN, '--json']);
    command.write(`  \n${'é'.repeat(INVITE_TEXT_BYTES_MAX / 2)}x`);
    const { stdout, code } = await command.end();
    expect(JSON.parse(stdout)).toMatchObject({ event: 'error', code: 'E_INVITE_INVALID' });
    expect(code).toBe(1);
  });

  test('nothing, or only blank lines', async () => {
    for (const text of ['', '\n', '  \n\t\n']) {
      const command = Command.start([...JOIN, '--json']);
      command.write(text);
      command.endInput();
      const { stdout, code } = await command.end();
      expect(JSON.parse(stdout)).toMatchObject({ event: 'error', code: 'E_USAGE' });
      expect(code).toBe(2);
    }
  });
});

describe('where nobody answers', () => {
  test('the sharing computer is gone: told quickly', async () => {
    const share = Command.start(['share', '9', ...SHARE, '--json']);
    const link = await linkOf(share);
    await share.endBy('SIGKILL');
    const startedAt = performance.now();
    const sentence = /Cannot reach the other computer \(.+\)/;
    const printed = await expectMistake({
      args: JOIN,
      input: link,
      code: 'E_UNREACHABLE',
      status: 1,
      sentence,
    });
    expect(performance.now() - startedAt).toBeLessThan(8000);
    expectNoSecret(printed, link);
  });

  test('something else answers there', async () => {
    const server = createServer((socket) =>
      socket
        .on('error', () => {})
        .end('220 smtp\r\n')
        .resume(),
    );
    const port = await listen(server);
    const sentence = /Cannot reach the other computer/;
    const link = craftLink({ port });
    try {
      await expectMistake({ args: JOIN, input: link, code: 'E_UNREACHABLE', status: 1, sentence });
    } finally {
      server.close();
    }
  });
});

describe('the data folder', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-data-'));
    writeFileSync(join(folder, 'file'), 'in the way');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(['file', 'file/below', '/proc/x', '/proc/x/y', '/dev/null'])(
    'cannot be written: %s',
    async (name) => {
      const path = name.startsWith('/') ? name : join(folder, name);
      for (const args of [['share', '80', ...SHARE], JOIN, ['up']]) {
        await expectMistake({
          args: [...args, '--data-dir', path],
          code: 'E_DATA_DIR',
          status: 1,
          sentence:
            /The data folder \/.+ cannot be written \(E[A-Z]+\)\. Choose another with --data-dir/,
        });
      }
      expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('in the way');
    },
  );

  test('is made when it is missing, for this user alone, and left without a lock', async () => {
    const path = join(folder, 'a', 'b');
    const share = Command.start(['share', '9', ...SHARE, '--data-dir', path]);
    await linkOf(share);
    await share.endBy('SIGTERM');
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'identity.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(path).filter((name) => /lock|control/.test(name))).toStrictEqual([]);
  });
});

describe('the local port', () => {
  test.each(['abc', '0', '65536', '-1', '', '80,81'])('--local "%s"', async (local) => {
    await expectMistake({
      args: [...JOIN, '--local', local],
      code: 'E_USAGE',
      status: 2,
      sentence: /--local takes a port from 1 to 65535, not/,
    });
  });

  test('is busy: told, and the link is still good', async () => {
    // It has to read, or it never notices that whoever asked has gone.
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    const port = await listen(server);
    const share = Command.start(['share', '9', ...SHARE, '--json']);
    const link = await linkOf(share);
    try {
      const printed = await expectMistake({
        args: [...JOIN, '--local', String(port)],
        input: link,
        code: 'E_PORT_BUSY',
        status: 1,
        sentence: new RegExp(`Port ${port} is already used on this computer\\. Leave --local out`),
      });
      expectNoSecret(printed, link);
    } finally {
      server.close();
    }
    const joined = Command.start([...JOIN, '--json']);
    joined.writeLine(link);
    await joined.event('forward');
  });
});

const cannotTry = await whyNoPrivilegedPort();

/** Root may open any port, so that is left to a user who may not. */
function asNobody() {
  return process.getuid?.() === 0 ? { user: { uid: NOBODY, gid: NOBODY } } : {};
}

async function whyNoPrivilegedPort(): Promise<string | undefined> {
  const setting = '/proc/sys/net/ipv4/ip_unprivileged_port_start';
  if (Number(readFileSync(setting, 'utf8')) <= 80) return 'every user may open port 80 here';
  const { code } = await Command.start(['--version'], asNobody()).end();
  return code === 0 ? undefined : `an unprivileged user cannot run ${MAIN}`;
}

describe('a port below 1024 as an unprivileged user', () => {
  if (cannotTry !== undefined) console.warn(`\n*** NOT TESTED: ${cannotTry} ***\n`);
  const note = cannotTry === undefined ? '' : ` (SKIPPED: ${cannotTry})`;

  test.skipIf(note !== '')(`asked for: told, and the link is still good${note}`, async () => {
    const share = Command.start(['share', '9', ...SHARE, '--json']);
    const link = await linkOf(share);
    for (const form of [[], ['--json']]) {
      const joined = Command.start([...JOIN, '--local', '80', ...form], asNobody());
      joined.writeLine(link);
      const { code, stdout, stderr } = await joined.end();
      expect(code).toBe(1);
      expect(stdout + stderr).toContain('E_PORT_PRIVILEGED');
      expect(stdout + stderr).toMatch(/need administrator rights.*Use --local 8080 instead/);
      expectNoSecret(stdout + stderr, link);
    }
    const joined = Command.start([...JOIN, '--json'], asNobody());
    joined.writeLine(link);
    await joined.event('forward');
  });

  test.skipIf(note !== '')(`only wished for: another one, and it says so${note}`, async () => {
    // Not on the loopback interface: there the port would be the target's own.
    const share = Command.start(['share', '192.0.2.1:81', '--allow-lan', ...SHARE, '--json']);
    const joined = Command.start(JOIN, asNobody());
    joined.writeLine(await linkOf(share));
    const [, port] = await joined.printed(
      /127\.0\.0\.1:(\d+) now leads to "81" .*port 81 needs administrator rights here/,
    );
    expect(Number(port)).toBeGreaterThan(1023);
  });
});

test('a link is never in the arguments of a process', async () => {
  const port = await freePort(createServer());
  const share = Command.start(['share', String(port), ...SHARE, '--json']);
  const link = await linkOf(share);
  const joined = Command.start([...JOIN, '--json']);
  joined.writeLine(link);
  await joined.event('forward');
  const { stdout } = await runProgram('ps', ['-eo', 'args', '-ww']);
  expect(stdout).toContain(MAIN);
  for (const secret of [stdout, joined.stdout, joined.stderr]) expectNoSecret(secret, link);
});
