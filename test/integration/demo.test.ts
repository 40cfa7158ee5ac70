/** `porthole demo`: what it tells, that its forward works, and that nothing of it outlives it. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { childrenOf, Command, endCommands, runningInGroup } from '../support/command.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { within } from '../support/tcp.ts';

/** Two children and this one, each within a second, and a busy computer. */
const END_MS = 1500;

let expectNothingLeft: () => Promise<void>;
/** Each leads a process group, so that none of its children can hide. */
const demos: Command[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  for (const { pid } of demos.splice(0)) {
    for (const left of runningInGroup(pid)) process.kill(left, 'SIGKILL');
  }
  await endCommands();
});
afterAll(async () => expectNothingLeft());

function demo(...args: readonly string[]): Command {
  const command = Command.start(['demo', ...args], { ownGroup: true });
  demos.push(command);
  return command;
}

async function pageAt(local: unknown): Promise<string> {
  const asking = get(`http://${String(local)}/`, { agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asking.once('response', resolve).once('error', reject);
  });
  const response = await within('the page', answered);
  let page = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    page += text;
  });
  await within('the end of the page', once(response, 'end'));
  return page;
}

/** A demo whose forward is open and whose two children run. */
async function openDemo() {
  const command = demo('--json');
  const { local } = await command.event('forward');
  const children = childrenOf(command.pid);
  expect(children).toHaveLength(2);
  return { command, local, children };
}

describe('what it tells', () => {
  test('to a script', async () => {
    const command = demo('--seconds', '1', '--json');
    const { local, share, peer } = await command.event('forward');
    expect(local).toMatch(/^127\.0\.0\.1:\d+$/);
    expect([share, peer]).toStrictEqual([expect.any(String), expect.any(String)]);
    const measured = await command.event('demo');
    expect(measured['throughputMbps']).toBeGreaterThan(1);
    expect(measured['throughputMbps']).toBeLessThan(100_000);
    expect(measured['rttMs']).toBeGreaterThan(0);
    expect(measured['rttMs']).toBeLessThan(1000);
    expect(await pageAt(local)).toContain('It works');
    const { code, signal, stderr } = await command.end();
    expect({ code, signal }).toStrictEqual({ code: 0, signal: null });
    expect(command.events().map(({ event }) => event)).toStrictEqual(['forward', 'demo']);
    expect(stderr).not.toMatch(/is gone|porthole:\/\//);
    await expect(pageAt(local)).rejects.toThrow('ECONNREFUSED');
  });

  test('to a person', async () => {
    const { code, stdout, stderr } = await demo('--seconds', '0').end();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1\. A web server listens on 127\.0\.0\.1:\d+/);
    expect(stdout).toMatch(/3\. .*127\.0\.0\.1:\d+ leads to the web server/);
    expect(stdout).toMatch(/[\d.]+ Mbit\/s, [\d.]+ ms for a small page/);
    expect(stdout).toMatch(/porthole share 8080 --invite\n.*porthole join\n/);
    expect(stdout + stderr).not.toMatch(/is gone|new link|porthole:\/\//);
  });
});

describe('the end', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s while it measures', async (signal) => {
    const { command, local } = await openDemo();
    const end = await command.endBy(signal);
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.ms).toBeLessThan(END_MS);
    expect(runningInGroup(command.pid)).toStrictEqual([]);
    await expect(pageAt(local)).rejects.toThrow('ECONNREFUSED');
  });

  test('Ctrl+C in a terminal, which all three get', async () => {
    const { command } = await openDemo();
    const startedAt = performance.now();
    process.kill(-command.pid, 'SIGINT');
    const { code, stdout } = await command.end();
    expect(performance.now() - startedAt).toBeLessThan(END_MS);
    expect(code).toBe(0);
    expect(stdout).not.toContain('"error"');
    expect(runningInGroup(command.pid)).toStrictEqual([]);
  });

  test('SIGINT while the children start', async () => {
    const command = demo();
    await command.printed(/1\. A web server/);
    const end = await command.endBy('SIGINT');
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.ms).toBeLessThan(END_MS);
    expect(runningInGroup(command.pid)).toStrictEqual([]);
  });

  test('children that do not answer go too', async () => {
    const { command, children } = await openDemo();
    for (const child of children) process.kill(child, 'SIGSTOP');
    const end = await command.endBy('SIGINT');
    expect(end.ms).toBeLessThan(END_MS);
    // The kernel needs a moment to bury what was just killed.
    await expect.poll(() => runningInGroup(command.pid), { timeout: 5000 }).toStrictEqual([]);
  });

  test('SIGKILL: its children notice, and end', async () => {
    const { command } = await openDemo();
    await command.endBy('SIGKILL');
    await expect.poll(() => runningInGroup(command.pid), { timeout: 5000 }).toStrictEqual([]);
  });

  test.each([
    { who: 'share', index: 0 },
    { who: 'join', index: 1 },
  ])('its $who is killed: an error, and the other one ends', async ({ index }) => {
    const { command, children } = await openDemo();
    process.kill(children.toSorted((a, b) => a - b)[index] ?? 0, 'SIGKILL');
    const { code } = await command.end();
    expect(code).toBe(1);
    expect(command.events().at(-1)).toMatchObject({
      event: 'error',
      code: expect.stringMatching(/^E_/),
      message: expect.stringContaining(' '),
    });
    expect(runningInGroup(command.pid)).toStrictEqual([]);
  });
});
