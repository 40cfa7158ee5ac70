/**
 * Row 26 of the threat table: secrets that are planted in a whole life of the command (pairing,
 * errors, damage, backups, a crash) show in no output, log, argument list, environment or error.
 * The one place is what a person asked to see: the link of `share --invite`, the backup of `export`.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { INVITE_PREFIX, parseInvite } from '../../src/engine/pairing/invite.ts';
import { derivePairingKeys } from '../../src/engine/pairing/keys.ts';
import { childrenOf, Command, endCommands, linkOf } from '../support/command.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { hitsIn, hitsInBytes, type Planted } from '../support/planted.ts';
import { echo, TestServer } from '../support/servers.ts';
import { connectTo, readBytes } from '../support/tcp.ts';

const PASSPHRASE = 'correct horse battery staple 9417';
const CREDENTIAL = 'c0turnS3cretC0ffee77';
const LINK = /porthole:\/\/pair#[\w-]+/g;
const linux = existsSync('/proc/self/environ');
if (!linux) console.warn('\n*** NOT TESTED: argument lists and environments need /proc ***\n');

let expectNothingLeft: () => Promise<void>;
let folder: string;
let server: TestServer;
const everSeen: Sighting[] = [];
const planted = new Map<string, Uint8Array>();

/** Something others can see. */
interface Sighting {
  readonly where: string;
  readonly text: string;
}

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-planted-'));
  server = await TestServer.start(echo);
  everSeen.length = 0;
  planted.clear();
  plant('passphrase', Buffer.from(PASSPHRASE));
  plant('credential', Buffer.from(CREDENTIAL));
});
afterEach(async () => {
  await endCommands();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(async () => expectNothingLeft());

const dirOf = (name: string): string => join(folder, name);

function plant(name: string, secret: Uint8Array): void {
  planted.set(name, secret);
}

function readJson(dir: string, name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(dirOf(dir), name), 'utf8')) as Record<string, unknown>;
}

/** What a data folder keeps that nobody else may have. */
function plantFolder(dir: string): void {
  plant(
    `seed of ${dir}`,
    Buffer.from(String(readJson(dir, 'identity.json')['secret']), 'base64url'),
  );
  for (const peer of readJson(dir, 'peers.json')['peers'] as { pairKey: string }[]) {
    plant(`pair key in ${dir}`, Buffer.from(peer.pairKey, 'base64url'));
  }
}

function plantToken(dir: string): void {
  plant(
    `token of ${dir}`,
    Buffer.from(String(readJson(dir, 'control.json')['token']), 'base64url'),
  );
}

function plantLink(link: string): void {
  const { secret } = parseInvite(link, Date.now());
  const { prk, mac } = derivePairingKeys(secret);
  plant('code', Buffer.from(link.slice(INVITE_PREFIX.length), 'base64url'));
  plant('invite secret', secret.reveal());
  plant('prk', prk.reveal());
  plant('mac key', mac.reveal());
}

type Form = 'json' | 'sentences';

/** Commands in one form, whose outputs are kept for the search. */
class Life {
  readonly form: Form;

  constructor(form: Form) {
    this.form = form;
  }

  start(dir: string, ...args: readonly string[]): Command {
    const form = this.form === 'json' ? ['--json'] : [];
    return Command.start([...args, '--data-dir', dirOf(dir), ...form]);
  }

  /** Runs one to its end; `lines` are its standard input. */
  async run(dir: string, args: readonly string[], ...lines: readonly string[]): Promise<number> {
    const command = this.start(dir, ...args);
    for (const line of lines) command.writeLine(line);
    command.endInput();
    const { code } = await command.end();
    this.keep(args.join(' ').slice(0, 40), command);
    return code ?? -1;
  }

  /** A person reads it where `remark`s go. */
  async remarked(command: Command, pattern: RegExp): Promise<void> {
    await command.printed(pattern, this.form === 'json' ? 'stderr' : 'stdout');
  }

  /** `asked`: what the person asked to see, once. */
  keep(where: string, { stdout, stderr }: Command, asked?: string): void {
    const shown = asked === undefined ? stdout : stdout.replace(asked, '');
    everSeen.push({ where, text: shown }, { where: `${where} (stderr)`, text: stderr });
  }
}

function look(...commands: readonly Command[]): void {
  if (!linux) return;
  for (const { pid } of commands) {
    for (const name of ['cmdline', 'environ']) {
      everSeen.push({
        where: `${name} of ${pid}`,
        text: readFileSync(`/proc/${pid}/${name}`, 'latin1'),
      });
    }
  }
}

function keepLogs(): void {
  for (const dir of readdirSync(folder)) {
    const logs = join(dirOf(dir), 'logs');
    if (!existsSync(logs)) continue;
    for (const name of readdirSync(logs)) {
      everSeen.push({ where: `${dir}/${name}`, text: readFileSync(join(logs, name), 'utf8') });
    }
  }
}

function expectNoHit(): void {
  expect(planted.size).toBeGreaterThan(10);
  const all = everSeen.map(({ text }) => text).join('\n');
  // Where it was takes long to find, and is only worth it when there is something.
  const found = hitsIn(all, planted).length > 0 ? everSeen : [];
  const hits = found.flatMap(({ where, text }) =>
    hitsIn(text, planted).map((hit) => `${where}: ${hit}`),
  );
  expect(all.length).toBeGreaterThan(10_000);
  expect(hits).toEqual([]);
}

interface PairedLife {
  readonly link: string;
  readonly daemon: Command;
  readonly joined: Command;
}

/** A daemon shares, another device joins by comparing, bytes pass. */
async function pair(life: Life): Promise<PairedLife> {
  const daemon = life.start('a', 'up');
  await life.remarked(daemon, /Porthole runs/);
  plantToken('a');
  const sharing = life.start('a', 'share', String(server.port), '--invite');
  const link = await linkOf(sharing);
  plantLink(link);
  const joined = life.start('b', 'join');
  joined.writeLine(link);
  const digits = /\d{3} ?\d{3}/;
  await Promise.all([sharing.printed(digits), joined.printed(digits)]);
  look(daemon, sharing, joined);
  sharing.writeLine('yes');
  joined.writeLine('yes');
  const [, port] = await joined.printed(/127\.0\.0\.1:(\d+)(?:"| now leads)/);
  const client = await connectTo(Number(port));
  client.write('there?');
  await readBytes(client, 6);
  client.destroy();
  await sharing.end();
  life.keep('share --invite', sharing, link);
  plantToken('b');
  for (const dir of ['a', 'b']) plantFolder(dir);
  look(daemon, joined);
  return { link, daemon, joined };
}

/** Mistakes with secrets in them. */
async function err(life: Life, link: string): Promise<void> {
  const code = link.slice(INVITE_PREFIX.length);
  const turn = `turn:user:${CREDENTIAL}@turn.example.org:3478`;
  const url = `wss://user:${CREDENTIAL}@rendezvous.example.org`;
  mkdirSync(dirOf('settings'), { mode: 0o700 });
  const settings = { version: 1, rendezvous: [url], stun: [] };
  writeFileSync(join(dirOf('settings'), 'settings.json'), JSON.stringify(settings), {
    mode: 0o600,
  });
  const failing: readonly (readonly [dir: string, args: string[], ...lines: string[]])[] = [
    ['c', ['join'], link],
    ['c', ['join'], link.slice(0, -1)],
    ['c', ['join'], `${code.slice(0, 80)} ${code.slice(80)}x`],
    ['c', ['join'], Buffer.from(link).toString('base64')],
    ['c', ['join', link]],
    ['c', [link]],
    ['c', ['share', link, '--invite']],
    ['c', ['share', code, '--invite']],
    ['c', ['connect', link, 'x']],
    ['a', ['connect', code, link]],
    ['a', ['forget', link]],
    ['a', ['unshare', code]],
    ['c', ['join', '--stun', turn], link],
    ['c', ['join', '--rendezvous', url], link],
    ['settings', ['up']],
    ['c', [`--${code}`]],
    ['a', ['export'], 'x'.repeat(2000)],
  ];
  const codes = await Promise.all(
    failing.map(async ([dir, args, ...lines]) => life.run(dir, args, ...lines)),
  );
  expect(codes.filter((status) => status === 0)).toEqual([]);
}

/** A backup, put in place with the right passphrase and with wrong ones. */
async function backUp(life: Life): Promise<void> {
  const exporting = life.start('a', 'export');
  exporting.writeLine(PASSPHRASE);
  exporting.endInput();
  await exporting.end();
  const backup = longestWord(exporting.stdout);
  life.keep('export', exporting, backup);
  plant('backup', Buffer.from(backup));
  expect(await life.run('d', ['import'], backup, `${PASSPHRASE}!`)).toBe(1);
  expect(await life.run('d', ['import'], backup.slice(0, -30), PASSPHRASE)).toBe(1);
  expect(await life.run('d', ['import'], backup, PASSPHRASE)).toBe(0);
  expect(await life.run('d', ['import'], backup, PASSPHRASE)).toBe(1);
}

function longestWord(text: string): string {
  return text.split(/[\s"]+/).reduce((best, word) => (word.length > best.length ? word : best), '');
}

/** Files cut in the middle of a secret: whatever reads them says so without quoting them. */
async function damage(life: Life): Promise<void> {
  const cut = { 'peers.json': 'pairKey', 'identity.json': 'secret', 'control.json': 'token' };
  for (const [file, field] of Object.entries(cut)) {
    const dir = `damaged ${file}`;
    cpSync(dirOf('a'), dirOf(dir), {
      recursive: true,
      filter: (from) => !/\.sock$|\/lock$/.test(from),
    });
    const path = join(dirOf(dir), file);
    const text = readFileSync(path, 'utf8');
    const half = text.slice(0, text.indexOf(field) + field.length + 25);
    writeFileSync(path, half);
    if (existsSync(`${path}.last`)) writeFileSync(`${path}.last`, half);
    await Promise.all(['status', 'peers', 'list'].map(async (name) => life.run(dir, [name])));
    const running = life.start(dir, 'up');
    await Promise.race([running.end(), life.remarked(running, /Porthole runs/)]);
    running.kill('SIGTERM');
    await running.end();
    life.keep(`up with a ${dir}`, running);
  }
}

test.each<Form>(['json', 'sentences'])(
  'row 26: nothing planted shows in a whole life of the command (%s)',
  async (form) => {
    const life = new Life(form);
    const { link, daemon, joined } = await pair(life);
    await err(life, link);
    // Each takes a dozen processes, and does not depend on the form.
    if (form === 'json') await backUp(life);
    else await damage(life);
    await Promise.all(
      ['status', 'peers', 'list', 'logs'].flatMap((name) =>
        ['a', 'b'].map(async (dir) => life.run(dir, [name])),
      ),
    );
    joined.kill('SIGKILL');
    await joined.end();
    life.keep('join', joined);
    await daemon.endBy('SIGTERM');
    life.keep('up', daemon);
    keepLogs();
    expect(everSeen.filter(({ where }) => where.endsWith('porthole.log')).length).toBeGreaterThan(
      1,
    );
    expectNoHit();
  },
  120_000,
);

test.skipIf(!linux)(
  'row 26: the processes of the demo hand the link over out of sight',
  async () => {
    const demo = Command.start(['demo', '--seconds', '60', '--json']);
    await demo.event('forward');
    const children = childrenOf(demo.pid);
    expect(children.length).toBe(2);
    const life = new Life('json');
    life.keep('demo', demo);
    for (const pid of [demo.pid, ...children]) {
      for (const name of ['cmdline', 'environ']) {
        everSeen.push({
          where: `${name} of ${pid}`,
          text: readFileSync(`/proc/${pid}/${name}`, 'latin1'),
        });
      }
    }
    for (const { where, text } of everSeen) {
      expect([where, text.match(LINK), text.match(/\bAQ[A-H][\w-]{19,}/)]).toEqual([
        where,
        null,
        null,
      ]);
    }
    await demo.endBy('SIGINT');
  },
);

test('row 26: the search finds what is there, however it is spelled', () => {
  const secret = Buffer.from('0123456789abcdef0123456789abcdef00ff80c3', 'hex');
  const one: Planted = new Map([['it', secret]]);
  const inside = Buffer.concat([Buffer.from('x'), secret, Buffer.from('yz')]);
  for (const text of [
    secret.toString('hex'),
    secret.toString('base64'),
    inside.toString('base64url'),
    Buffer.concat([Buffer.from('xx'), secret]).toString('base64'),
    JSON.stringify([...secret]),
    `<Buffer ${secret.toString('hex').match(/../g)?.join(' ')}>`,
  ]) {
    expect([text, hitsIn(`a ${text} b`, one).length > 0]).toEqual([text, true]);
  }
  expect(hitsInBytes(inside, one)).not.toEqual([]);
  expect(hitsIn('nothing of the kind', one)).toEqual([]);
});
