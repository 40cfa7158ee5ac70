/** Links and arguments that anybody can make this app look at. */
import { afterEach, describe, expect, test } from 'vitest';
import { codeInArguments, codeOfLink, LinkGate } from '../../../src/main/deep-link.ts';
import { DEEP_LINK_MS, INVITE_CHARS_MAX } from '../../../src/shared/limits.ts';
import { AppScene, closeScenes } from '../../support/app-scene.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const CODE = `porthole://pair#${'Ab-_9'.repeat(40)}`;

afterEach(closeScenes);

describe('row 11: a link', () => {
  test.each([
    [CODE, CODE],
    ['porthole://answer#abc', 'porthole://answer#abc'],
    // Browsers and systems write schemes and hosts in their own way.
    ['PORTHOLE://PAIR#AbC', 'porthole://pair#AbC'],
    ['porthole://pair/#AbC', 'porthole://pair#AbC'],
  ])('%s is a code', (link, code) => {
    expect(codeOfLink(link)).toBe(code);
  });

  test.each([
    '',
    'porthole:',
    'porthole://',
    'porthole://pair',
    'porthole://pair#',
    'porthole://pair?code=abc',
    'porthole://pair#abc def',
    'porthole://pair#abc\n--gpu-launcher=sh',
    'porthole://pair#abc%20def',
    'porthole://pair#abc%0a',
    'porthole://pair%23abc',
    'porthole://pair#<script>alert(1)</script>',
    'porthole://pair#abc" --inspect',
    'porthole://pair#\u202eabc',
    'porthole://user@pair#abc',
    'porthole://pair.example.com#abc',
    'porthole://settings#abc',
    'https://example.com/#porthole://pair#abc',
    ' porthole://pair#abc',
    `porthole://pair#${'a'.repeat(INVITE_CHARS_MAX)}`,
    `porthole://pair#${'a'.repeat(1_048_576)}`,
    '\u0000'.repeat(1_048_576),
  ])('%.60j is none', (link) => {
    expect(codeOfLink(link)).toBeUndefined();
  });
});

describe('row 11: arguments', () => {
  test.each([
    [['--gpu-launcher=sh -c id', '--inspect', CODE]],
    [['--', CODE]],
    [['--user-data-dir=/tmp/x', '--no-sandbox', 'a.txt', '/etc/passwd', CODE]],
    [[CODE, 'porthole://pair#other']],
    [['porthole://pair#bad code', '\n', 'x'.repeat(1_048_576), CODE]],
  ])('are only looked at for a link', (argv) => {
    expect(codeInArguments(argv)).toBe(CODE);
  });

  test('without one are nothing', () => {
    expect(
      codeInArguments(['--inspect=0.0.0.0:9229', `--link=${CODE}`, '--hidden']),
    ).toBeUndefined();
    expect(codeInArguments([])).toBeUndefined();
  });
});

test('one link a second', () => {
  const clock = new VirtualClock();
  const gate = new LinkGate(clock);
  const passed = Array.from({ length: 100 }, () => {
    clock.advance(DEEP_LINK_MS / 10);
    return gate.mayPass();
  });
  expect(passed.filter(Boolean)).toHaveLength(10);
  expect(passed[0]).toBe(true);
});

test('is registered so that no switch can come before it', async () => {
  const scene = new AppScene();
  await scene.start();
  expect(scene.desktop.app.links).toEqual([{ scheme: 'porthole', args: ['--'] }]);
});

test('is not registered by a checkout', async () => {
  const scene = new AppScene({ build: 'development' });
  await scene.start();
  expect(scene.desktop.app.links).toEqual([]);
});

test('starts nothing: of a flood one wish reaches the page, and pairing is left to a person', async () => {
  const scene = new AppScene();
  await scene.start();
  await scene.shown();
  for (let n = 0; n < 50; n += 1) scene.desktop.app.events?.onOpenUrl(`porthole://pair#n${n}`);
  const wishes: unknown[] = [];
  const end = new AbortController();
  const feed = scene.call(
    'wishes',
    {},
    {
      signal: end.signal,
      emit: (wish) => wishes.push(wish),
      nextInput: async () => 'more',
    },
  );
  await scene.call('status', {});
  end.abort();
  await feed.catch(() => undefined);
  expect(wishes).toEqual([{ kind: 'add-device', code: 'porthole://pair#n0' }]);
});
