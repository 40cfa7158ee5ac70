/**
 * Row 9 of the threat table: what is said on WebSockets of the web UI before the token is shown, and
 * the bounds of its door, for those who open many, say nothing, are slow or do not read.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  CONTROL_GREETING_BYTES_MAX,
  WEB_UI_CONNECTIONS_MAX,
  WEB_UI_GREETING_MS,
  WEB_UI_GREETINGS_MAX,
  WEB_UI_PAGES_MAX,
  WEB_UI_REQUEST_MS,
  WEB_UI_VERDICT_MS,
  WEB_UI_WRONG_TOKENS_MAX,
  WEB_UI_WRONG_TOKENS_MS,
} from '../../src/shared/limits.ts';
import { abortOf, Flag, STATUS } from '../support/control-handlers.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { closed, connectTo, readToEnd, within } from '../support/tcp.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import {
  bytesOf,
  CANARY,
  closeWebUis,
  exchange,
  getHeaders,
  headOf,
  keepOpen,
  startWebUi,
  TestPage,
} from '../support/web-ui.ts';

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(closeWebUis);
afterAll(async () => expectNothingLeft());

describe('a page', () => {
  const call = { id: 1, call: 'status', params: {} };
  const FIRST: Readonly<Record<string, [(token: string) => string | Buffer, number]>> = {
    'a wrong token': [() => JSON.stringify({ token: 'x'.repeat(43) }), 4401],
    'half of the token': [(token) => JSON.stringify({ token: token.slice(0, 22) }), 4401],
    'the token and more': [(token) => JSON.stringify({ token: `${token}A` }), 4401],
    'the token beside something': [(token) => JSON.stringify({ token, call: 'status' }), 4401],
    'the token bare': [(token) => token, 4401],
    'the token in a list': [(token) => JSON.stringify([{ token }]), 4401],
    'a call': [() => JSON.stringify(call), 4401],
    'what is no JSON': [() => '{"token":', 4401],
    'nothing at all': [() => '', 4401],
    'too much': [(token) => JSON.stringify({ token }).padEnd(CONTROL_GREETING_BYTES_MAX + 1), 4401],
    'far too much': [() => 'x'.repeat(300_000), 1009],
    bytes: [(token) => Buffer.from(JSON.stringify({ token })), 1003],
  };

  test.each(Object.entries(FIRST))(
    'row 9: that begins with %s is closed, whatever it says then',
    async (_name, [make, code]) => {
      const at = await startWebUi();
      const page = await TestPage.open(at.port);
      page.socket.send(make(at.token));
      page.say({ token: at.token });
      page.say(call);
      expect(await within('its end', page.closed)).toBe(code);
      expect(page.heard).toEqual([]);
      expect(at.calls).toEqual([]);
    },
  );

  test('row 9: with the token is answered', async () => {
    const at = await startWebUi();
    const page = await TestPage.trusted(at);
    page.say(call);
    await page.hears(JSON.stringify({ id: 1, result: STATUS }));
    expect(at.calls).toEqual(['status']);
  });

  test('row 9: that says nothing has five seconds', async () => {
    const clock = new VirtualClock();
    const at = await startWebUi({ clock });
    const page = await TestPage.open(at.port);
    clock.advance(WEB_UI_GREETING_MS - 1);
    expect(page.socket.readyState).toBe(WebSocket.OPEN);
    clock.advance(1);
    page.say({ token: at.token });
    page.say(call);
    expect(await within('its end', page.closed)).toBe(4408);
    expect(at.calls).toEqual([]);
    await expect.poll(() => clock.pendingTimers).toBe(0);
  });

  test('row 9: that pings is cut: no page can', async () => {
    const page = await TestPage.trusted(await startWebUi());
    page.socket.ping();
    expect(await within('its end', page.closed)).toBe(1006);
  });

  test('row 9: that guesses makes others wait, and no longer than a moment', async () => {
    const clock = new VirtualClock();
    const at = await startWebUi({ clock });
    for (let guess = 0; guess < WEB_UI_WRONG_TOKENS_MAX; guess++) {
      const page = await TestPage.open(at.port);
      page.say({ token: 'x'.repeat(43) });
      expect(await within('its end', page.closed)).toBe(4401);
    }
    const [guesser, honest] = [await TestPage.open(at.port), await TestPage.open(at.port)];
    const before = clock.pendingTimers;
    guesser.say({ token: 'y'.repeat(43) });
    honest.say({ token: at.token });
    await expect.poll(() => clock.pendingTimers).toBe(before + 2);
    clock.advance(WEB_UI_VERDICT_MS - 1);
    expect([guesser.socket.readyState, honest.heard]).toEqual([WebSocket.OPEN, []]);
    clock.advance(1);
    await honest.hears('{"ready":true}');
    expect(await within('its end', guesser.closed)).toBe(4401);
    clock.advance(WEB_UI_WRONG_TOKENS_MS);
    await TestPage.trusted(at);
  });

  test('row 9: that does not read is cut, and its call ends', async () => {
    const ended = new Flag();
    const entry = { at: '', level: 'info', text: 'x'.repeat(4000) } as const;
    const at = await startWebUi({
      handlers: {
        logs: async (_params, talk) => {
          void abortOf(talk.signal).then(() => ended.raise());
          while (!talk.signal.aborted) {
            for (let burst = 0; burst < 100; burst++) talk.emit(entry);
            await new Promise((resolve) => setImmediate(resolve));
          }
          return {};
        },
      },
    });
    const page = await TestPage.trusted(at);
    page.socket.pause();
    page.say({ id: 1, call: 'logs', params: { until: 'cancelled' } });
    await within('the call being aborted', ended.raised);
    page.socket.resume();
    expect(await within('its end', page.closed)).toBe(1006);
  });
});

describe('the door', () => {
  test('row 9: takes a bounded number of pages, and of those that have not shown the token', async () => {
    const at = await startWebUi();
    for (let page = 0; page < WEB_UI_PAGES_MAX; page++) await TestPage.trusted(at);
    const late = await TestPage.open(at.port);
    late.say({ token: at.token });
    expect(await within('its end', late.closed)).toBe(1013);
    const silent: TestPage[] = [];
    for (let page = 0; page < WEB_UI_GREETINGS_MAX; page++)
      silent.push(await TestPage.open(at.port));
    await expect(TestPage.open(at.port)).rejects.toThrow('503');
    silent[0]?.socket.terminate();
    await expect.poll(async () => TestPage.open(at.port).then(() => 'open', String)).toBe('open');
  });

  test('row 9: takes a bounded number of connections', async () => {
    const at = await startWebUi();
    const idle = [];
    for (let count = 0; count < WEB_UI_CONNECTIONS_MAX; count++) {
      idle.push(keepOpen(await connectTo(at.port)));
    }
    const head = bytesOf(headOf('GET / HTTP/1.1', getHeaders(at.port)));
    expect((await exchange(at.port, head)).status).toBe(0);
    for (const socket of idle) socket.destroy();
    await expect.poll(async () => (await exchange(at.port, head)).status).toBe(200);
  });

  test('row 9: cuts those that are slow with their headers or body, and serves others meanwhile', async () => {
    const at = await startWebUi();
    const heads = [
      'GET / HTTP/1.1\r\nHost: x\r\n',
      '',
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${at.port}\r\n`,
    ];
    const sockets = await Promise.all(heads.map(async () => keepOpen(await connectTo(at.port))));
    const drip = setInterval(() => {
      for (const socket of sockets) socket.write('X-A: b\r\n');
    }, 500);
    const cut = sockets.map(async (socket, index) => {
      socket.write(heads[index] ?? '');
      let text = '';
      await readToEnd(socket, (chunk) => (text += chunk.toString()), 4 * WEB_UI_REQUEST_MS);
      return text;
    });
    expect(
      (await exchange(at.port, bytesOf(headOf('GET / HTTP/1.1', getHeaders(at.port))))).status,
    ).toBe(200);
    for (const text of await Promise.all(cut)) expect(text).not.toContain(CANARY);
    clearInterval(drip);
    expect(at.calls).toEqual([]);
  });

  test('row 9: closes with everything that is open', async () => {
    const ended = new Flag();
    const at = await startWebUi({
      handlers: {
        follow: async (_params, { signal }) => {
          await abortOf(signal);
          ended.raise();
          throw new Error('it has gone');
        },
      },
    });
    const [page, silent] = [await TestPage.trusted(at), await TestPage.open(at.port)];
    const idle = keepOpen(await connectTo(at.port));
    page.say({ id: 1, call: 'follow', params: {} });
    await expect.poll(() => at.calls).toEqual(['follow']);
    await within('closing', at.ui.close());
    await within('the call being aborted', ended.raised);
    expect(await Promise.all([page.closed, silent.closed])).toEqual([1006, 1006]);
    idle.resume();
    await closed(idle.end());
  });
});
