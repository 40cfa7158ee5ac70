/** The way between a window's page and the app: whose messages count, and what ends with a page. */
import { describe, expect, test } from 'vitest';
import { IpcPort } from '../../../src/main/ipc/ipc-port.ts';
import { metricsWhileVisible, Visibility } from '../../../src/main/window/visibility.ts';
import type { CallHandlers } from '../../../src/shared/calls/api.ts';
import type { CallName } from '../../../src/shared/contract.ts';
import { CALL_CHANNEL, REPLY_CHANNEL } from '../../../src/shared/ipc-channels.ts';
import { DesktopDouble, until } from '../../support/desktop-double.ts';

/** Handlers that count who asks, and never answer `wishes` until they are aborted. */
function scene() {
  const desktop = new DesktopDouble();
  const seen = { asked: 0, aborted: 0 };
  const handlers: Partial<CallHandlers<CallName>> = {
    ui: async () => {
      seen.asked += 1;
      return { url: null };
    },
    wishes: (_params, talk) => {
      seen.asked += 1;
      return new Promise((_resolve, reject) => {
        talk.signal.addEventListener('abort', () => {
          seen.aborted += 1;
          reject(new Error('gone'));
        });
      });
    },
  };
  const port = new IpcPort({
    ipc: desktop.ipc,
    handlers: handlers as CallHandlers<CallName>,
    onFault: () => undefined,
  });
  port.attach(desktop.openWindow({}));
  const ask = (id: number, call: CallName, sender = {}): void =>
    desktop.say(CALL_CHANNEL, JSON.stringify({ id, call, params: {} }), sender);
  return { desktop, port, seen, ask };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a message', () => {
  test('of the page is answered to that page', async () => {
    const { desktop, ask } = scene();
    ask(1, 'ui');
    await until(() => desktop.window.sent.length === 1);
    expect(desktop.window.sent).toEqual([
      { channel: REPLY_CHANNEL, message: '{"id":1,"result":{"url":null}}' },
    ]);
  });

  test.each([
    { frame: 'inner' },
    { frame: 'gone' },
    { origin: '' },
    { origin: 'null' },
    { origin: 'app://porthole/' },
    { origin: 'app://Porthole' },
    { origin: 'app://porthole.evil.example' },
    { origin: 'https://porthole' },
    { origin: 'file://' },
    { pageId: 2 },
    { pageId: -1 },
  ])('of somebody else has no effect: %j', async (sender) => {
    const { desktop, seen, ask } = scene();
    ask(1, 'ui', sender);
    await turn();
    expect([seen.asked, desktop.window.sent]).toEqual([0, []]);
  });

  test.each([[undefined], [null], [7], [{ id: 1, call: 'ui', params: {} }], [['x']]])(
    'that is no text has none: %j',
    async (message) => {
      const { desktop, seen } = scene();
      desktop.say(CALL_CHANNEL, message);
      await turn();
      expect([seen.asked, desktop.window.sent]).toEqual([0, []]);
    },
  );

  test('without sense is the last of its page', async () => {
    const { desktop, seen, ask } = scene();
    desktop.say(CALL_CHANNEL, 'x');
    ask(1, 'ui');
    await turn();
    expect(seen.asked).toBe(0);
    expect(desktop.window.sent).toHaveLength(1);
    expect(desktop.window.sent[0]?.message).toContain('E_CONTROL');
  });

  test('of 256 KiB and more, or of a thousand calls, does no harm', async () => {
    const { desktop, seen, ask } = scene();
    for (let id = 1; id <= 1000; id += 1) ask(id, 'wishes');
    await turn();
    expect(seen.asked).toBe(64);
    desktop.say(CALL_CHANNEL, JSON.stringify({ id: 2000, call: 'x'.repeat(300_000), params: {} }));
    await turn();
    expect(seen.asked).toBe(64);
  });
});

describe('a page that goes', () => {
  test('has no calls open, whether another takes its place', async () => {
    const { desktop, port, seen, ask } = scene();
    ask(1, 'wishes');
    port.replaced(desktop.window);
    expect(seen).toEqual({ asked: 1, aborted: 1 });
    ask(1, 'ui');
    await until(() => desktop.window.sent.length === 1);
    expect(desktop.window.sent[0]?.message).toBe('{"id":1,"result":{"url":null}}');
  });

  test('or its window', () => {
    const { desktop, port, seen, ask } = scene();
    ask(1, 'wishes');
    port.detach(desktop.window);
    ask(2, 'ui');
    expect(seen).toEqual({ asked: 1, aborted: 1 });
  });

  test('or the app', () => {
    const { desktop, port, seen, ask } = scene();
    ask(1, 'wishes');
    port.close();
    expect([seen.aborted, desktop.channels]).toEqual([1, []]);
  });
});

test('counters stand still while nobody can see them', async () => {
  const visibility = new Visibility();
  visibility.set('visible');
  let told = 0;
  const { metrics } = metricsWhileVisible(
    {
      metrics: async (_params, talk) => {
        for (;;) {
          talk.emit({ at: told, shares: [], forwards: [], peers: [] });
          await talk.nextInput();
        }
      },
    },
    visibility,
  );
  const end = new AbortController();
  const talk = {
    signal: end.signal,
    emit: (): void => {
      told += 1;
    },
    nextInput: async (): Promise<'more'> => {
      await turn();
      return 'more';
    },
  };
  const feed = metrics({}, talk);
  await until(() => told > 3);
  visibility.set('hidden');
  await turn();
  await turn();
  const before = told;
  for (let n = 0; n < 10; n += 1) await turn();
  expect(told).toBe(before);
  visibility.set('visible');
  await until(() => told > before);
  visibility.set('hidden');
  end.abort(new Error('enough'));
  await expect(feed).rejects.toThrow('enough');
});
