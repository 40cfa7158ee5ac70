/**
 * The web UI as the command offers it: real daemons, the page of this very build, what `porthole ui`
 * tells and opens, and where the token is seen. What the door refuses: test/threats/row-09-….
 */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PortholeHost } from '../../src/control/porthole-host.ts';
import type { Command } from '../support/command.ts';
import { ask } from '../support/control-handlers.ts';
import { done, endDaemons, eventsOf, expectFailure, startDaemon } from '../support/daemons.ts';
import { Home } from '../support/home.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { hitsIn, hitsInBytes } from '../support/planted.ts';
import { needs } from '../support/programs.ts';
import { TestServer } from '../support/servers.ts';
import { freePort } from '../support/tcp.ts';
import { bytesOf, closeLater, closeWebUis, exchange, headOf, tokenOf } from '../support/web-ui.ts';

const PAGE = fileURLToPath(new URL('../../dist/renderer/index.html', import.meta.url));
const isBuilt = existsSync(PAGE);
if (!isBuilt) console.warn('\n*** NOT TESTED: the page is not built (dist/renderer). ***\n');
/** Python gives a program a terminal of its own; what comes in is typed there. */
const TERMINAL = [
  'python3',
  '-c',
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))',
];
const CTRL_C = '\u0003';
const noPython = needs('python3');
const hasProc = existsSync('/proc/self/environ');

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  await endDaemons();
  await closeWebUis();
});
afterAll(async () => expectNothingLeft());

async function urlOf(daemon: Command): Promise<URL> {
  return new URL(String((await daemon.event('ui'))['url']));
}

/** Everything that is stored, and what others see of the processes. */
function expectTokenOnlyIn(home: Home, commands: readonly Command[], token: string): void {
  const planted = new Map([['token', Buffer.from(token, 'base64url')]]);
  const files = readdirSync(home.dataDir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(home.dataDir, name))
    .filter((path) => statSync(path).isFile());
  expect(files.length).toBeGreaterThan(3);
  for (const path of files)
    expect([path, hitsInBytes(readFileSync(path), planted)]).toEqual([path, []]);
  for (const { pid } of hasProc ? commands : []) {
    for (const name of ['cmdline', 'environ']) {
      expect(hitsIn(readFileSync(`/proc/${pid}/${name}`, 'latin1'), planted)).toEqual([]);
    }
  }
}

describe.skipIf(!isBuilt)('porthole up', () => {
  test('serves its page, and tells where, to those who asked and in no log', async () => {
    const home = new Home('desk');
    const daemon = await startDaemon(home);
    const url = await urlOf(daemon);
    expect(url.href).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/);
    const head = headOf('GET / HTTP/1.1', { Host: url.host, Connection: 'close' });
    const answer = await exchange(Number(url.port), bytesOf(head));
    expect(answer.status).toBe(200);
    expect(answer.head).toMatch(/content-security-policy: default-src 'none'/);
    expect(answer.body).toBe(readFileSync(PAGE, 'latin1'));
    const [told] = eventsOf(await done(home, ['ui']), 'ui');
    expect(told).toEqual({ event: 'ui', url: url.href });
    await done(home, ['logs']);
    expectTokenOnlyIn(home, [daemon], tokenOf(url.href));
    expect(await daemon.endBy('SIGTERM')).toMatchObject({ code: 0, signal: null });
  });

  test('is where it was when it starts again, with another token', async () => {
    const [desk, laptop] = [new Home('desk'), new Home('laptop')];
    const [first, other] = await Promise.all([startDaemon(desk), startDaemon(laptop)]);
    const [before, elsewhere] = [await urlOf(first), await urlOf(other)];
    expect(elsewhere.port).not.toBe(before.port);
    await first.endBy('SIGKILL');
    const after = await urlOf(await startDaemon(desk));
    expect(after.host).toBe(before.host);
    expect(after.hash).not.toBe(before.hash);
    expect(statSync(join(desk.dataDir, 'web-ui.json')).mode & 0o077).toBe(0);
  });

  test('goes elsewhere when something else has the port, or what it remembered is damaged', async () => {
    const home = new Home('desk');
    const other = await TestServer.start();
    closeLater(() => other.close());
    writeFileSync(join(home.dataDir, 'web-ui.json'), JSON.stringify({ port: other.port }));
    const first = await startDaemon(home);
    expect((await urlOf(first)).port).not.toBe(String(other.port));
    await first.endBy('SIGTERM');
    for (const text of ['{', '{"port":0}']) {
      writeFileSync(join(home.dataDir, 'web-ui.json'), text);
      const daemon = await startDaemon(home);
      expect((await urlOf(daemon)).port).toMatch(/^\d+$/);
      await daemon.endBy('SIGTERM');
    }
  });

  test('takes the port it is told, and refuses one that is taken', async () => {
    const home = new Home('desk');
    const port = await freePort(createServer());
    const daemon = home.script(['up', '--ui-port', String(port)]);
    expect((await urlOf(daemon)).port).toBe(String(port));
    const other = new Home('laptop').script(['up', '--ui-port', String(port)]);
    expect((await other.end()).code).toBe(1);
    expect(other.events().at(-1)).toMatchObject({ event: 'error', code: 'E_UI_PORT' });
  });

  test.each([
    [['--ui-port', '0'], 2],
    [['--ui-port', 'eighty'], 2],
    [['--no-ui', '--ui-port', '8080'], 2],
  ] as const)('refuses %j', async (args, code) => {
    const told = await new Home('desk').ask(['up', ...args]);
    expect([told.code, told.events.at(-1)?.['code']]).toEqual([code, 'E_USAGE']);
  });

  test('row 6: shares neither its port nor what leads there from before', async () => {
    const home = new Home('desk');
    const port = await freePort(createServer());
    const before = await startDaemon(home);
    await done(home, ['share', String(port), '--name', 'app']);
    await before.endBy('SIGTERM');
    const daemon = home.script(['up', '--ui-port', String(port)]);
    await daemon.event('ui');
    expect(daemon.stderr).toContain('Porthole itself listens there');
    for (const target of [`${port}`, `localhost:${port}`, `127.0.0.2:${port}`, `[::1]:${port}`]) {
      await expectFailure(home, ['share', target, '--name', 'mine'], 'E_TARGET_FORBIDDEN');
    }
  });

  test('keeps the token out of what may be kept: the journal of a service', async () => {
    const home = new Home('desk');
    const daemon = home.start(['up']);
    const [, port] = await daemon.printed(/The web UI is at http:\/\/127\.0\.0\.1:(\d+);/);
    const { stdout } = await home.say(['ui']);
    const [url = ''] = /http:\S+/.exec(stdout) ?? [];
    expect(url).toContain(`127.0.0.1:${port}/#token=`);
    expect(daemon.stdout + daemon.stderr).not.toContain(tokenOf(url));
  });
});

test.skipIf(!isBuilt || noPython.missing)(
  `a person at a terminal gets the whole link from porthole up${noPython.note}`,
  async () => {
    const home = new Home('desk');
    const daemon = home.start(['up'], { behind: TERMINAL });
    const [, url] = await daemon.printed(/Open (http:\S+) in a browser of this computer\./);
    const [told] = eventsOf(await done(home, ['ui']), 'ui');
    expect(told?.['url']).toBe(url);
    daemon.write(CTRL_C);
    expect(await daemon.end()).toMatchObject({ code: 0 });
  },
);

describe('without a page', () => {
  test('porthole up --no-ui has none, and porthole ui says so', async () => {
    const home = new Home('desk');
    const daemon = home.script(['up', '--no-ui']);
    await daemon.printed(/Porthole runs/, 'stderr');
    expect(daemon.events().filter(({ event }) => event === 'ui')).toEqual([]);
    await expectFailure(home, ['ui'], 'E_NO_UI');
    expect(existsSync(join(home.dataDir, 'web-ui.json'))).toBe(false);
  });

  test('a build without one says so, and goes on', async () => {
    const { dataDir } = new Home('desk');
    const folder = join(dataDir, 'no-such-page');
    const told: string[] = [];
    const host = await PortholeHost.start({
      dataDir,
      purpose: 'keep',
      rendezvous: [],
      stun: [],
      turn: { urls: [], passwordFile: undefined },
      version: '0',
      webUi: { folder, port: null },
      onEvent: (event) => told.push(event.kind === 'notice' ? event.text : ''),
    });
    expect(told.join()).toMatch(/There is no web UI/);
    expect(await ask(host.api, 'ui', {})).toEqual({ url: null });
    await host.close();
  });

  test('porthole ui needs a daemon', async () => {
    await expectFailure(new Home('desk'), ['ui'], 'E_NO_DAEMON');
  });
});

/** A program in the place of the one that opens browsers, which notes its arguments. */
function fakeOpener(): { env: NodeJS.ProcessEnv; opened: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-opener-'));
  closeLater(() => rmSync(folder, { recursive: true, force: true }));
  const list = join(folder, 'opened');
  const program = join(folder, 'xdg-open');
  writeFileSync(
    program,
    `#!/bin/sh\nprintf '%s\\n' "$#" "$@" >> '${list}.new'\nmv '${list}.new' '${list}'\n`,
  );
  chmodSync(program, 0o755);
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
  const opened = (): string[] =>
    existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n') : [];
  return { env, opened };
}

describe.skipIf(!isBuilt || process.platform !== 'linux')('porthole ui --open', () => {
  test('gives the browser a private file, not the token', async () => {
    const home = new Home('desk');
    const daemon = await startDaemon(home);
    const { hash, host } = await urlOf(daemon);
    const { env, opened } = fakeOpener();
    const command = home.start(['ui', '--open'], { env });
    const stderr = expect.stringMatching(/^If no page opens, copy the link: [^\n]*\n$/);
    expect(await command.end()).toMatchObject({ code: 0, stderr });
    const path = join(home.dataDir, 'open-ui.html');
    await expect.poll(opened, { timeout: 20_000 }).toEqual(['1', path]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const target = new RegExp(`content="0;url=http://${host}/open/[\\w-]{43}${hash}"`);
    expect(readFileSync(path, 'utf8')).toMatch(target);
    await daemon.endBy('SIGTERM');
    expect(existsSync(path)).toBe(false);
  });

  test('says so when nothing can open it', async () => {
    const home = new Home('desk');
    await startDaemon(home);
    const command = home.start(['ui', '--open'], { env: { ...process.env, PATH: '/nowhere' } });
    const { code, stdout, stderr } = await command.end();
    expect([code, stderr]).toEqual([0, 'No browser could be started. Copy the link into one.\n']);
    expect(stdout).toMatch(/^Open http:/);
  });
});
