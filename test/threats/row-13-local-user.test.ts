/**
 * Row 13 of the threat table: another user of the same computer, while the command shares, invites
 * and joins. What the control socket alone must withstand is in
 * test/integration/control-processes.test.ts.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { INVITE_PREFIX, parseInvite } from '../../src/engine/pairing/invite.ts';
import { Command, endCommands, linkOf } from '../support/command.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { hitsIn } from '../support/planted.ts';

const NOBODY = 65_534;
const isTestable = process.platform === 'linux' && process.getuid?.() === 0;
if (!isTestable) {
  console.warn('\n*** NOT TESTED: row 13 needs root on Linux, to be another user. ***\n');
}
const note = isTestable ? '' : ' (SKIPPED: no root on Linux)';

/** Tries all it can; prints what it could read, and the error codes of the rest. */
const INTRUDER = `
  const fs = require('fs');
  const [folder, ...pids] = process.argv.slice(1);
  const read = {}, refused = {};
  const attempt = (what, action) => {
    try { read[what] = action(); } catch (error) { refused[what] = error.code; }
  };
  attempt('list', () => fs.readdirSync(folder).join());
  for (const name of ['identity.json', 'peers.json', 'peers.json.last', 'shares.json',
    'settings.json', 'control.json', 'lock', 'logs/porthole.log']) {
    attempt(name, () => fs.readFileSync(folder + '/' + name, 'latin1'));
  }
  attempt('write', () => fs.writeFileSync(folder + '/settings.json', '{}') ?? '');
  attempt('plant', () => fs.symlinkSync('/etc/passwd', folder + '/mine') ?? '');
  for (const pid of pids) {
    for (const name of ['cmdline', 'environ', 'mem', 'maps', 'status', 'comm']) {
      attempt('proc ' + name + ' ' + pid, () => fs.readFileSync('/proc/' + pid + '/' + name, 'latin1'));
    }
    attempt('proc fd ' + pid, () => fs.readdirSync('/proc/' + pid + '/fd').join());
  }
  const socket = require('net').connect({ path: folder + '/control.sock' });
  const end = () => { socket.destroy(); console.log(JSON.stringify({ read, refused })); };
  socket.on('connect', () => { read.socket = 'connected'; end(); });
  socket.on('error', (error) => { refused.socket = error.code; end(); });
`;

interface Loot {
  readonly read: Readonly<Record<string, string>>;
  readonly refused: Readonly<Record<string, string>>;
}

let expectNothingLeft: () => Promise<void>;
let folder: string;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-row13-'));
  // The way to the data folder is open; only the data folder is not.
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  await endCommands();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(async () => expectNothingLeft());

function intrude(uid: number, dir: string, commands: readonly Command[]): Loot {
  const args = ['-e', INTRUDER, dir, ...commands.map(({ pid }) => String(pid))];
  const options = { uid, gid: uid, cwd: '/', encoding: 'utf8', timeout: 30_000 } as const;
  const { stdout, stderr } = spawnSync(process.execPath, args, options);
  if (stdout === '') throw new Error(`the other user’s process said nothing: ${stderr}`);
  return JSON.parse(stdout) as Loot;
}

const base64 = (text: unknown): Uint8Array => Buffer.from(String(text), 'base64url');

function secretsOf(dir: string, link: string): Map<string, Uint8Array> {
  const json = (name: string) =>
    JSON.parse(readFileSync(join(dir, name), 'utf8')) as Record<string, unknown>;
  const peers = json('peers.json')['peers'] as { pairKey: string }[];
  return new Map([
    ['seed', base64(json('identity.json')['secret'])],
    ['token', base64(json('control.json')['token'])],
    ['pair key', base64(peers[0]?.pairKey)],
    ['code', base64(link.slice(INVITE_PREFIX.length))],
    ['secret', parseInvite(link, Date.now()).secret.reveal()],
  ]);
}

function start(dir: string, ...args: readonly string[]): Command {
  return Command.start([...args, '--json', '--data-dir', dir]);
}

/** Everything that runs in a pairing by comparing, with an invite still open beside it. */
async function runAll() {
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  const daemon = start(a, 'up');
  await daemon.printed(/Porthole runs/, 'stderr');
  const sharing = start(a, 'share', '9', '--invite');
  const link = await linkOf(sharing);
  const joined = start(b, 'join');
  joined.writeLine(link);
  await Promise.all([sharing.event('compare'), joined.event('compare')]);
  const pairing = [a, b].map((dir) => intrude(NOBODY, dir, [daemon, sharing, joined]));
  sharing.writeLine('yes');
  joined.writeLine('yes');
  await joined.event('forward');
  await sharing.end();
  const inviting = start(a, 'invite');
  await linkOf(inviting);
  return { a, b, link, pairing, commands: [daemon, joined, inviting] };
}

test.skipIf(!isTestable)(
  `row 13: another user reads and connects to nothing of share, invite and join${note}`,
  async () => {
    const { a, b, link, pairing, commands } = await runAll();
    const loots = [...pairing, intrude(NOBODY, a, commands), intrude(NOBODY, b, commands)];
    for (const { read, refused } of loots) {
      const beyondProc = Object.keys(read).filter((what) => !what.startsWith('proc '));
      expect(beyondProc).toEqual([]);
      expect(refused).toMatchObject({
        list: 'EACCES',
        socket: 'EACCES',
        'identity.json': 'EACCES',
      });
      expect(refused).toMatchObject({ write: 'EACCES', plant: 'EACCES' });
      for (const what of Object.keys(read)) expect(what).toMatch(/^proc (?:cmdline|status|comm) /);
      for (const dir of [a, b]) {
        expect(hitsIn(JSON.stringify(read), secretsOf(dir, link))).toEqual([]);
      }
    }
    // It could: for the user itself the same program finds all of it.
    const own = intrude(0, a, commands);
    expect(own.read).toMatchObject({ socket: 'connected' });
    expect(hitsIn(JSON.stringify(own.read), secretsOf(a, link)).join()).toMatch(
      /seed.*token.*pair/,
    );
  },
);

test.skipIf(!isTestable)(`row 13: arguments and environment hold no secret${note}`, async () => {
  const { a, b, link, commands } = await runAll();
  for (const { pid } of commands) {
    const text = ['cmdline', 'environ'].map((name) =>
      readFileSync(`/proc/${pid}/${name}`, 'latin1'),
    );
    expect(text.join()).not.toMatch(/porthole:\/\//);
    for (const dir of [a, b]) expect(hitsIn(text.join(), secretsOf(dir, link))).toEqual([]);
  }
});

test.skipIf(!isTestable)(
  `row 13: a place that another user has prepared is not used${note}`,
  async () => {
    const common = join(folder, 'common');
    const trap = join(folder, 'trap');
    mkdirSync(common);
    chmodSync(common, 0o1777);
    mkdirSync(trap, { mode: 0o777 });
    chownSync(trap, NOBODY, NOBODY);
    const prepared = ['link', 'theirs'].map((name) => join(common, name));
    const [link = '', theirs = ''] = prepared;
    symlinkSync(trap, link);
    mkdirSync(theirs, { mode: 0o777 });
    chownSync(theirs, NOBODY, NOBODY);
    for (const path of [...prepared, common]) {
      const command = Command.start(['up', '--json', '--data-dir', path]);
      const { code } = await command.end();
      expect([path, code]).toEqual([path, 1]);
      expect(command.events().at(-1)).toMatchObject({ event: 'error', code: 'E_DATA_DIR' });
    }
    expect([readdirSync(trap), readdirSync(theirs)]).toEqual([[], []]);
    expect(readdirSync(common).toSorted()).toEqual(['link', 'theirs']);
  },
);

test.skipIf(!isTestable)(
  `row 13: a folder that stands open is refused, with the command that closes it${note}`,
  async () => {
    const dir = join(folder, 'open');
    const first = Command.start(['invite', '--json', '--data-dir', dir]);
    await linkOf(first);
    await first.endBy('SIGTERM');
    chmodSync(dir, 0o755);
    const command = Command.start(['up', '--json', '--data-dir', dir]);
    expect((await command.end()).code).toBe(1);
    const [error] = command.events();
    expect(error).toMatchObject({ code: 'E_DATA_DIR_OPEN' });
    expect(String(error?.['message'])).toContain(`chmod 700 ${dir}`);
    chmodSync(dir, 0o700);
    chmodSync(join(dir, 'identity.json'), 0o644);
    const again = Command.start(['up', '--json', '--data-dir', dir]);
    expect((await again.end()).code).toBe(1);
    expect(String(again.events().at(-1)?.['message'])).toContain(
      `chmod 600 ${join(dir, 'identity.json')}`,
    );
  },
);
