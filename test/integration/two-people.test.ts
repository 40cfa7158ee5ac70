/**
 * Two people at two computers, with nothing but the command: every way to pair, every way that can
 * go wrong, and what each of them then reads (ux.md C4).
 */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  encodeCode,
  encodeInvite,
  parseCode,
  parseInvite,
} from '../../src/engine/pairing/invite.ts';
import type { Command, CommandEnd } from '../support/command.ts';
import { endCommands, linkOf } from '../support/command.ts';
import { Home, removeHomes } from '../support/home.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { closeAll, Joiner, Queue } from '../support/pairing-computers.ts';
import { needs, runProgram } from '../support/programs.ts';
import { scanPrinted } from '../support/qr.ts';
import { listen } from '../support/tcp.ts';

const PAGE = 'the page of the sharing computer';
/** product.md: Ctrl+C ends everything in under a second; here beside other tests. */
const END_MS = 1500;
const NUMBERS_DIFFER =
  'Pairing stopped. The numbers did not match, so someone may be between the two computers. Try again with a new code on a network you trust.';

const noCurl = needs('curl');
// A dozen processes one after another, beside other tests.
vi.setConfig({ testTimeout: 120_000 });

let expectNothingLeft: () => Promise<void>;
let server: Server;
let target: string;
/** The computer that shares, and the one that joins. */
let desk: Home;
let laptop: Home;

beforeAll(async () => {
  expectNothingLeft = watchForLeaks();
  server = createServer((_request, response) => {
    response.writeHead(200, { connection: 'close' }).end(PAGE);
  });
  target = String(await listen(server));
});
afterEach(async () => {
  await endCommands();
  await closeAll();
  removeHomes();
});
afterAll(async () => {
  server.close();
  await expectNothingLeft();
});

function startHomes(): void {
  desk = new Home('desk');
  laptop = new Home('laptop');
}

/** `share --invite` at the desk, for a script. */
function share(...more: readonly string[]): Command {
  return desk.script(['share', target, '--invite', ...more]);
}

function join(code: string, ...more: readonly string[]): Command {
  const joined = laptop.script(['join', ...more]);
  joined.writeLine(code);
  return joined;
}

async function digitsOf(command: Command): Promise<string> {
  return String((await command.event('compare'))['digits']);
}

/** Both see the same six digits; returns them. */
async function expectSameDigits(one: Command, other: Command): Promise<string> {
  const [here, there] = await Promise.all([digitsOf(one), digitsOf(other)]);
  expect(here).toMatch(/^\d{6}$/);
  expect(there).toBe(here);
  return here;
}

async function agree(...commands: readonly [Command, Command]): Promise<void> {
  await expectSameDigits(...commands);
  for (const command of commands) command.writeLine('yes');
  await Promise.all(commands.map(async (command) => command.event('paired')));
}

/** A real program gets the page through the forward. */
async function expectPage(joined: Command): Promise<void> {
  const { local } = await joined.event('forward');
  const { stdout } = await runProgram('curl', ['-sS', `http://${String(local)}/`]);
  expect(stdout).toBe(PAGE);
}

/** Neither has stored the other, and `peers` says so. */
async function expectStrangers(...homes: readonly Home[]): Promise<void> {
  await Promise.all(
    homes.map(async (home) => {
      expect(home.storedPeers()).toStrictEqual([]);
      const { code, events } = await home.ask(['peers']);
      expect({ code, events }).toStrictEqual({ code: 0, events: [] });
      const { stdout } = await home.say(['peers']);
      expect(stdout).toContain('No devices yet. Add your other computer with a code.');
    }),
  );
}

function errorOf({ stdout }: CommandEnd): unknown {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  return JSON.parse(last);
}

/** It failed, and said why as its last word. */
function expectFailed(end: CommandEnd, code: string, message: unknown = expect.any(String)): void {
  expect(errorOf(end)).toStrictEqual({ event: 'error', code, message });
  expect(end).toMatchObject({ code: 1, signal: null });
}

describe('they pair', () => {
  test.skipIf(noCurl.missing)(`by the QR code, reading and typing${noCurl.note}`, async () => {
    startHomes();
    const sharing = desk.start(['share', target, '--invite']);
    const link = await linkOf(sharing);
    await sharing.printed(/Ctrl\+C cancels it/);
    expect(scanPrinted(sharing.stdout)).toBe(link);
    expect(sharing.stdout).toContain('Both computers then show a number for you to compare.');
    const joined = laptop.start(['join']);
    joined.writeLine(scanPrinted(sharing.stdout));
    const number = /Compare the numbers:\n\n {4}(\d{3} \d{3})\n/;
    const [[, here], [, there]] = await Promise.all([
      sharing.printed(number),
      joined.printed(number),
    ]);
    expect(here).toBe(there);
    sharing.writeLine('yes');
    joined.writeLine('Yes');
    await sharing.printed(/Paired with laptop\.\n(.*\n)*Connected to laptop\.\n/);
    await joined.printed(/Paired with desk\.\n/);
    const [, local] = await joined.printed(/(127\.0\.0\.1:\d+) now leads to "\d+" on desk/);
    const { stdout } = await runProgram('curl', ['-sS', `http://${local}/`]);
    expect(stdout).toBe(PAGE);
    expect(sharing.stderr + joined.stderr).toBe('');
  });

  test.skipIf(noCurl.missing)(`by the link, as scripts do${noCurl.note}`, async () => {
    startHomes();
    const sharing = share();
    const joined = join(await linkOf(sharing));
    await agree(sharing, joined);
    await expectPage(joined);
    expect(desk.storedPeers()).toHaveLength(1);
    expect(laptop.storedPeers()).toHaveLength(1);
  });

  test.skipIf(noCurl.missing)(`by invite, and share afterwards${noCurl.note}`, async () => {
    startHomes();
    const inviting = desk.script(['invite']);
    const joined = join(await linkOf(inviting));
    await agree(inviting, joined);
    expect((await inviting.end()).code).toBe(0);
    desk.script(['share', target]);
    await expectPage(joined);
  });

  test.skipIf(noCurl.missing)(`by two blobs carried by hand${noCurl.note}`, async () => {
    startHomes();
    const inviting = desk.script(['invite', '--offline']);
    const joined = join(await linkOf(inviting));
    inviting.writeLine(String((await joined.event('answer'))['blob']));
    await agree(inviting, joined);
    expect((await inviting.end()).code).toBe(0);
    desk.script(['share', target]);
    await expectPage(joined);
  });

  test('and yes may be said in other words, after a word that is neither', async () => {
    startHomes();
    const sharing = share();
    const joined = join(await linkOf(sharing));
    await expectSameDigits(sharing, joined);
    sharing.writeLine('what?');
    sharing.writeLine('Y');
    joined.writeLine('是');
    await Promise.all([sharing.event('paired'), joined.event('paired')]);
  });

  test('--trust-invite on both sides: nobody is asked', async () => {
    startHomes();
    const sharing = share('--trust-invite');
    const joined = join(await linkOf(sharing), '--trust-invite');
    await joined.event('forward');
    const names = [...sharing.events(), ...joined.events()].map(({ event }) => event);
    expect(names).not.toContain('compare');
  });

  test.each([
    { side: 'the sharing', shareArgs: ['--trust-invite'], joinArgs: [] },
    { side: 'the joining', shareArgs: [], joinArgs: ['--trust-invite'] },
  ])('--trust-invite on $side side only: both compare', async ({ shareArgs, joinArgs }) => {
    startHomes();
    const sharing = share(...shareArgs);
    const joined = join(await linkOf(sharing), ...joinArgs);
    await agree(sharing, joined);
    expect(await joined.event('forward')).toMatchObject({ state: 'live' });
  });
});

describe('the numbers differ', () => {
  test.each(['share', 'join'] as const)('says the person at %s', async (side) => {
    startHomes();
    const sharing = share();
    const joined = join(await linkOf(sharing));
    await expectSameDigits(sharing, joined);
    const [asked, other] = side === 'share' ? [sharing, joined] : [joined, sharing];
    asked.writeLine('no');
    const ends = await Promise.all([asked.end(), other.end()]);
    for (const end of ends) expectFailed(end, 'E_DIGITS_DIFFER', NUMBERS_DIFFER);
    await expectStrangers(desk, laptop);
  });

  test('one says yes before the other says no', async () => {
    startHomes();
    const sharing = share();
    const joined = join(await linkOf(sharing));
    await expectSameDigits(sharing, joined);
    sharing.writeLine('yes');
    joined.writeLine('no');
    for (const end of [await sharing.end(), await joined.end()]) {
      expectFailed(end, 'E_DIGITS_DIFFER', NUMBERS_DIFFER);
    }
    await expectStrangers(desk, laptop);
  });

  test('a person reads it in words, also with blobs', async () => {
    startHomes();
    const inviting = desk.start(['invite', '--offline']);
    const joined = laptop.start(['join']);
    joined.writeLine(await linkOf(inviting));
    const [answer] = await joined.printed(/porthole:\/\/answer#[\w-]+(?=\s)/);
    inviting.writeLine(answer);
    await Promise.all([inviting, joined].map(async (side) => side.printed(/Compare the numbers/)));
    inviting.writeLine('no');
    const said = `${NUMBERS_DIFFER}\n(E_DIGITS_DIFFER)\n`;
    for (const { code, stderr } of [await inviting.end(), await joined.end()]) {
      expect({ code, stderr }).toStrictEqual({ code: 1, stderr: said });
    }
    await expectStrangers(desk, laptop);
  });
});

describe('a code that is no good', () => {
  test('expired', async () => {
    startHomes();
    const invite = parseInvite(await linkOf(share()), Date.now());
    const expired = encodeInvite({ ...invite, expiresAt: invite.expiresAt - 3_600_000 });
    const sentence = /^This code expired at \d\d:\d\d\. Ask for a new one\.$/;
    const end = await join(expired).end();
    expectFailed(end, 'E_INVITE_EXPIRED', expect.stringMatching(sentence));
    await expectStrangers(laptop);
  });

  test('expired while it was carried by hand', async () => {
    startHomes();
    const code = parseCode(await linkOf(desk.script(['invite', '--offline'])), Date.now());
    const invite = { ...code.invite, expiresAt: code.invite.expiresAt - 3_600_000 };
    expectFailed(await join(encodeCode({ ...code, invite })).end(), 'E_INVITE_EXPIRED');
  });

  test('its computer is not there any more', async () => {
    startHomes();
    const sharing = share();
    const link = await linkOf(sharing);
    await sharing.endBy('SIGINT');
    expectFailed(await join(link).end(), 'E_UNREACHABLE');
    await expectStrangers(laptop);
  });

  test('used: who has it goes on, who comes late is told', async () => {
    startHomes();
    const sharing = share('--trust-invite');
    const link = await linkOf(sharing);
    const joined = join(link, '--trust-invite');
    await joined.event('forward');
    const phone = new Home('phone');
    const end = await phone.ask(['join'], link);
    expectFailed(
      end,
      'E_INVITE_USED',
      'This code was already used. Ask for a new one. If you did not use it, tell the other person.',
    );
    await expectStrangers(phone);
    expect([sharing.isRunning, joined.isRunning]).toStrictEqual([true, true]);
  });

  test.each([
    { what: 'half a code', cut: (link: string) => link.slice(0, 60) },
    { what: 'one character short', cut: (link: string) => link.slice(0, -1) },
  ])('$what', async ({ cut }) => {
    startHomes();
    const end = await join(cut(await linkOf(share()))).end();
    const sentence = 'The code is incomplete. Copy it again; some characters are missing.';
    expectFailed(end, 'E_INVITE_DAMAGED', sentence);
  });

  test('no code at all', async () => {
    startHomes();
    const end = await join('https://example.com/meeting').end();
    const sentence =
      'This is not a Porthole code. Copy the whole link that starts with porthole://pair#';
    expectFailed(end, 'E_INVITE_INVALID', sentence);
  });

  test('an answer in the place of a link, and a link in the place of an answer', async () => {
    startHomes();
    const inviting = desk.script(['invite', '--offline']);
    const link = await linkOf(inviting);
    const joined = join(link);
    const blob = String((await joined.event('answer'))['blob']);
    const phone = new Home('phone');
    expectFailed(
      await phone.ask(['join'], blob),
      'E_CODE_EXPECTED',
      expect.stringMatching(/^This is an answer, not a code to pair with\./),
    );
    inviting.writeLine(link);
    await inviting.printed(/not the answer to the code shown here/, 'stderr');
    inviting.writeLine(blob.slice(0, -3));
    await inviting.printed(/The code is incomplete/, 'stderr');
    // A wrong paste is no reason to begin anew.
    inviting.writeLine(blob);
    await agree(inviting, joined);
  });

  test('an answer to another code', async () => {
    startHomes();
    const [first, second] = [desk.script(['invite', '--offline']), new Home('phone')];
    const other = second.script(['invite', '--offline']);
    const joined = join(await linkOf(first));
    await linkOf(other);
    other.writeLine(String((await joined.event('answer'))['blob']));
    await other.printed(/This answer belongs to another code\./, 'stderr');
    expect(other.isRunning).toBe(true);
  });

  test('one’s own', async () => {
    startHomes();
    const sharing = share();
    const link = await linkOf(sharing);
    await sharing.endBy('SIGTERM');
    const end = await desk.ask(['join'], link);
    expectFailed(end, 'E_OWN_INVITE', expect.stringMatching(/^This code was made by this very/));
  });
});

describe('a second one with the code', () => {
  test('the owner is warned, the code is cancelled, nobody gets in', async () => {
    startHomes();
    const sharing = share();
    const link = await linkOf(sharing);
    const claimed = new Queue<true>();
    // Somebody who claims it and then takes their time.
    const slow = new Joiner().claim(parseInvite(link, Date.now()), {
      answerOffer: async () => {
        claimed.push(true);
        return new Promise(() => {});
      },
    });
    slow.catch(() => {});
    await claimed.next();
    const joined = await join(link).end();
    expectFailed(joined, 'E_INVITE_USED');
    await expect(slow).rejects.toMatchObject({ code: 'E_INVITE_USED' });
    expectFailed(
      await sharing.end(),
      'E_INVITE_BURNED',
      'Another device (name "laptop") also tried this code. For safety the code was cancelled. Start again for a new one.',
    );
    await expectStrangers(desk, laptop);
  });
});

describe('Ctrl+C', () => {
  test('at the owner before anybody came: the code is worth nothing', async () => {
    startHomes();
    const sharing = share();
    const link = await linkOf(sharing);
    const { code, ms } = await sharing.endBy('SIGINT');
    expect(code).toBe(0);
    expect(ms).toBeLessThan(END_MS);
    expectFailed(await join(link).end(), 'E_UNREACHABLE');
    await expectStrangers(desk, laptop);
  });

  test.each(['share', 'join'] as const)('at %s, at the numbers', async (side) => {
    startHomes();
    const sharing = share();
    const joined = join(await linkOf(sharing));
    await expectSameDigits(sharing, joined);
    const [asked, other] = side === 'share' ? [sharing, joined] : [joined, sharing];
    const { code, ms, stdout } = await asked.endBy('SIGINT');
    expect(code).toBe(0);
    expect(ms).toBeLessThan(END_MS);
    expect(stdout).not.toContain('"error"');
    const end = await other.end();
    expect(end.code).toBe(1);
    expect(errorOf(end)).toMatchObject({
      code: expect.stringMatching(/^(E_PAIRING_LOST|E_INVITE_CANCELLED)$/),
      message: expect.stringMatching(/new (code|one)/),
    });
    await expectStrangers(desk, laptop);
  });

  test('at the numbers after yes: nothing is stored', async () => {
    startHomes();
    const sharing = share();
    const joined = join(await linkOf(sharing));
    await expectSameDigits(sharing, joined);
    sharing.writeLine('yes');
    const { code } = await joined.endBy('SIGINT');
    expect(code).toBe(0);
    expect((await sharing.end()).code).toBe(1);
    await expectStrangers(desk, laptop);
  });

  test('at an offline code that waits for its answer, and at the answer', async () => {
    startHomes();
    const inviting = desk.script(['invite', '--offline']);
    const joined = join(await linkOf(inviting));
    await joined.event('answer');
    for (const { code, ms } of [await inviting.endBy('SIGINT'), await joined.endBy('SIGINT')]) {
      expect(code).toBe(0);
      expect(ms).toBeLessThan(END_MS);
    }
    await expectStrangers(desk, laptop);
  });

  test('when they are paired: both know each other the next time', async () => {
    startHomes();
    const sharing = share();
    const joined = join(await linkOf(sharing));
    await agree(sharing, joined);
    await joined.event('forward');
    for (const { code, ms } of [await joined.endBy('SIGINT'), await sharing.endBy('SIGINT')]) {
      expect(code).toBe(0);
      expect(ms).toBeLessThan(END_MS);
    }
    expect((await desk.ask(['peers'])).events).toMatchObject([{ event: 'peer', name: 'laptop' }]);
    expect((await laptop.ask(['peers'])).events).toMatchObject([{ event: 'peer', name: 'desk' }]);
  });
});

describe('standard input ends at the question', () => {
  test.each(['share', 'join'] as const)('at %s', async (side) => {
    startHomes();
    const sharing = share();
    const joined = join(await linkOf(sharing));
    const [asked, other] = side === 'share' ? [sharing, joined] : [joined, sharing];
    asked.endInput();
    expectFailed(await asked.end(), 'E_CONFIRM_INPUT');
    expect((await other.end()).code).toBe(1);
    await expectStrangers(desk, laptop);
  });

  test('a script may pipe link and answer together', async () => {
    startHomes();
    const sharing = share();
    const joined = join(await linkOf(sharing));
    joined.writeLine('yes');
    joined.endInput();
    await expectSameDigits(sharing, joined);
    sharing.writeLine('yes');
    await joined.event('forward');
  });
});
