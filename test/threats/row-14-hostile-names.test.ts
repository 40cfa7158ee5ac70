/**
 * Row 14 of the threat table: a peer whose device and share names want to write to the terminal.
 * The peer is this process, its engine made hostile by taking the cleaning of names out of it; what
 * it meets is the built command, as a person and as a script sees it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { releaseDataChannels } from '../../src/engine/carrier/native-channel.ts';
import { Command, endCommands, linkOf } from '../support/command.ts';
import { Person, TestEngine } from '../support/in-process-engine.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { closeAll, settled } from '../support/pairing-computers.ts';
import { echo, TestServer } from '../support/servers.ts';

/** A hostile peer's program cleans nothing; only its invites must stay readable: 24 bytes. */
vi.mock('../../src/engine/pairing/device-name.ts', () => ({
  cutName: (name: string, bytesMax: number) => (bytesMax > 24 ? name : name.slice(0, 8)),
}));

/** All kinds of harm in the 64 bytes a peer may send: escapes, forged lines, turned text, C0, C1. */
const NAME =
  '\u001b[2J\u0007\r\n{"event":"paired","peer":"ME"}\n\u202e\u2066\u200f\u2028\u0085\u009b31m\u0000\u007f';

let expectNothingLeft: () => Promise<void>;
let folder: string;
let server: TestServer;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-row14-'));
  server = await TestServer.start(echo);
});
afterEach(async () => {
  await endCommands();
  await closeAll();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(async () => {
  await expectNothingLeft();
  releaseDataChannels();
});

type Form = 'json' | 'sentences';

function start(form: Form, ...args: readonly string[]): Command {
  return Command.start([...args, '--data-dir', folder, ...(form === 'json' ? ['--json'] : [])]);
}

const shareOf = (name: string) => ({
  target: `127.0.0.1:${server.port}`,
  name,
  peers: [],
  lan: 'this-computer' as const,
});

// C0 but the line feed, DEL, C1, separators, marks, embeddings, overrides and isolates.
const HARMFUL =
  // oxlint-disable-next-line no-control-regex -- these are what must not come out
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\u061c\u200e\u200f]/u;

/** Judges all that a command printed; what it prints itself has no escapes where it is no terminal. */
function expectHarmless(form: Form, ...commands: readonly Command[]): void {
  for (const { stdout, stderr } of commands) {
    for (const text of [stdout, stderr]) {
      expect(HARMFUL.exec(text)?.[0]).toBeUndefined();
      // A line of its own is what a forged one would be.
      expect(text).not.toMatch(/^(?:\{"event":"paired","peer":"ME"\}|Paired with you)/m);
      for (const line of text.split('\n')) expect(line.length).toBeLessThan(600);
    }
  }
  // Throws when a line is no JSON.
  if (form === 'json') for (const command of commands) command.events();
}

/** Everything that shows peers, shares and forwards. */
async function expectHarmlessViews(form: Form): Promise<void> {
  const views = ['peers', 'list', 'status', 'logs'].map((name) => start(form, name));
  await Promise.all(views.map(async (view) => view.end()));
  expectHarmless(form, ...views);
  expect(views[0]?.stdout).toMatch(form === 'json' ? /"event":"peer"/ : /\w{5}-\w{5}/);
  const log = readFileSync(join(folder, 'logs', 'porthole.log'), 'utf8');
  expect(HARMFUL.exec(log)?.[0]).toBeUndefined();
  for (const line of log.trimEnd().split('\n')) JSON.parse(line);
}

describe.each<Form>(['json', 'sentences'])('row 14: what a peer says, as %s', (form) => {
  test(`row 14: join meets hostile names of a device and a share (${form})`, async () => {
    expect(Buffer.byteLength(NAME)).toBeLessThanOrEqual(64);
    const hostile = await TestEngine.start({ name: NAME, purpose: 'share' });
    const share = await hostile.engine.share(shareOf(NAME));
    const owner = new Person();
    const inviting = hostile.engine.invite(
      { mode: 'online', trust: 'compare', grant: null },
      owner,
    );
    const joined = start(form, 'join');
    joined.writeLine(await owner.link());
    await joined.printed(/\d{3} ?\d{3}/);
    joined.writeLine('yes');
    await inviting;
    await joined.printed(/127\.0\.0\.1:\d+(?:"| now leads)/);
    await expectHarmlessViews(form);
    hostile.engine.unshare({ share: share.id });
    await joined.printed(/is closed/, form === 'json' ? 'stderr' : 'stdout');
    await hostile.close();
    await joined.endBy('SIGTERM');
    expectHarmless(form, joined);
  });

  test(`row 14: share meets a hostile name of a device (${form})`, async () => {
    const sharing = start(form, 'share', String(server.port), '--invite');
    const hostile = await TestEngine.start({ name: NAME, purpose: 'forward' });
    const guest = new Person();
    const code = await linkOf(sharing);
    const joining = hostile.engine.join({ code, trust: 'compare', localPort: null }, guest);
    await sharing.printed(/\d{3} ?\d{3}/);
    sharing.writeLine('yes');
    await joining;
    await expectHarmlessViews(form);
    await hostile.close();
    await sharing.endBy('SIGTERM');
    expectHarmless(form, sharing);
  });
});

test('row 14: a device name of 10 kB ends the pairing, and none of it is printed', async () => {
  const sharing = start('sentences', 'share', String(server.port), '--invite');
  const name = 'long '.repeat(2000);
  const hostile = await TestEngine.start({ name, purpose: 'forward' });
  const code = await linkOf(sharing);
  const joining = hostile.engine.join({ code, trust: 'compare', localPort: null }, new Person());
  expect(await settled(joining)).toBeInstanceOf(Error);
  await sharing.endBy('SIGTERM');
  expectHarmless('sentences', sharing);
  expect(sharing.stdout + sharing.stderr).not.toContain('long long');
});

test('row 14: a share name of 10 kB is cut', async () => {
  const hostile = await TestEngine.start({ name: 'desk', purpose: 'share' });
  await hostile.engine.share(shareOf('long '.repeat(2000)));
  const owner = new Person();
  const inviting = hostile.engine.invite({ mode: 'online', trust: 'compare', grant: null }, owner);
  const joined = start('sentences', 'join');
  joined.writeLine(await owner.link());
  await joined.printed(/\d{3} \d{3}/);
  joined.writeLine('yes');
  await inviting;
  await joined.printed(/now leads/);
  await expectHarmlessViews('sentences');
  await joined.endBy('SIGTERM');
  expectHarmless('sentences', joined);
  expect(/long (?:long )+/.exec(joined.stdout)?.[0].length).toBeLessThan(70);
});
