/** What the preload script gives and what the page makes of it, joined to an answering end. */
import { describe, expect, test } from 'vitest';
import type { CallHandlers } from '../../src/shared/calls/api.ts';
import { CallClient } from '../../src/shared/calls/call-client.ts';
import { CallServer } from '../../src/shared/calls/call-server.ts';
import { apiOfPage, exposeCalls } from '../../src/shared/calls/page-api.ts';
import type { PageApi } from '../../src/shared/calls/page-api.ts';
import type { CallName, PairingEvent } from '../../src/shared/contract.ts';
import { portholeError } from '../../src/shared/errors.ts';
import { quietTalk } from '../support/quiet-talk.ts';

/** Electron's bridge copies values and lets functions through. */
function copied(value: unknown): unknown {
  return value === undefined ? undefined : structuredClone(value);
}

function bridged(page: PageApi): PageApi {
  const calls = Object.entries(page).map(([name, call]) => [
    name,
    (params: never, listener: Parameters<PageApi['status']>[1]) => {
      const running = (call as PageApi['status'])(copied(params) as never, {
        onEvent: (event) => listener.onEvent(copied(event) as never),
        onWanted: () => listener.onWanted(),
      });
      return { ...running, outcome: running.outcome.then((outcome) => copied(outcome)) };
    },
  ]);
  return Object.fromEntries(calls) as PageApi;
}

function join(handlers: Partial<CallHandlers<CallName>>) {
  const client: CallClient = new CallClient({
    send: (message) => queueMicrotask(() => server.onMessage(message)),
    onRefused: (cause) => client.close(cause),
  });
  const server = new CallServer({
    handlers,
    send: (message) => queueMicrotask(() => client.onMessage(message)),
    sendLast: (message) => queueMicrotask(() => client.onMessage(message)),
    onFault: () => undefined,
  });
  return { api: apiOfPage(bridged(exposeCalls(client))), client };
}

function broken(): never {
  throw new Error('the page is broken');
}

describe('a call of a page', () => {
  test('brings its result', async () => {
    const { api } = join({ ui: async () => ({ url: 'http://127.0.0.1:1/' }) });
    expect(await api.call('ui', {}, quietTalk())).toEqual({ url: 'http://127.0.0.1:1/' });
  });

  test('rejects with the code and the sentence of the error', async () => {
    const error = portholeError('E_PEER_UNKNOWN', { peer: 'laptop' });
    const { api } = join({
      forget: async () => {
        throw error;
      },
    });
    const asked = api.call('forget', { peer: 'laptop' }, quietTalk());
    await expect(asked).rejects.toMatchObject({ code: error.code, message: error.message });
    await expect(asked).rejects.toBeInstanceOf(Error);
  });

  test('rejects for parameters that do not fit, before anything is sent', async () => {
    const { api } = join({});
    const params = { peer: 7 } as unknown as { peer: string };
    await expect(api.call('forget', params, quietTalk())).rejects.toMatchObject({
      code: 'E_CONTROL',
    });
  });

  test('is aborted over there when the page aborts it', async () => {
    const heard: string[] = [];
    const { api } = join({
      logs: (_params, talk) =>
        new Promise((_resolve, reject) => {
          talk.signal.addEventListener('abort', () => {
            heard.push('aborted');
            reject(new Error('gone'));
          });
        }),
    });
    const end = new AbortController();
    const asked = api.call('logs', { until: 'cancelled' }, quietTalk({ signal: end.signal }));
    queueMicrotask(() => queueMicrotask(() => end.abort()));
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    expect(heard).toEqual(['aborted']);
    await expect(api.call('ui', {}, quietTalk({ signal: end.signal }))).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  test('asks for inputs, one at a time', async () => {
    const { api } = join({
      invite: async (_params, talk) => {
        talk.emit({ kind: 'answer', blob: 'one' });
        const first = await talk.nextInput();
        talk.emit({ kind: 'answer', blob: JSON.stringify(first) });
        await talk.nextInput();
        throw portholeError('E_DIGITS_DIFFER');
      },
    });
    const events: PairingEvent[] = [];
    const answers = [true, false];
    const asked = api.call(
      'invite',
      { mode: 'online', trust: 'compare', grant: null },
      quietTalk({
        emit: (event) => events.push(event),
        nextInput: async () => ({ kind: 'verdict', match: answers.shift() ?? false }),
      }),
    );
    await expect(asked).rejects.toMatchObject({ code: 'E_DIGITS_DIFFER' });
    expect(events).toEqual([
      { kind: 'answer', blob: 'one' },
      { kind: 'answer', blob: '{"kind":"verdict","match":true}' },
    ]);
    expect(answers).toEqual([]);
  });

  test('that feeds gives the next event only when it is asked for', async () => {
    let made = 0;
    const { api } = join({
      wishes: async (_params, talk) => {
        for (;;) {
          made += 1;
          talk.emit({ kind: 'device', peer: `${made}` });
          await talk.nextInput();
        }
      },
    });
    const end = new AbortController();
    const more: (() => void)[] = [];
    const feed = api.call(
      'wishes',
      {},
      quietTalk({
        signal: end.signal,
        nextInput: () =>
          new Promise((resolve) => {
            more.push(() => resolve('more'));
          }),
      }),
    );
    for (let wanted = 1; wanted <= 3; wanted += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(made).toBe(wanted);
      more.shift()?.();
    }
    end.abort();
    await expect(feed).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('ends when a listener throws, with what it threw', async () => {
    const { api } = join({
      wishes: async (_params, talk) => {
        talk.emit({ kind: 'share', port: null });
        return await talk.nextInput().then(() => Promise.reject(new Error('not reached')));
      },
    });
    await expect(api.call('wishes', {}, quietTalk({ emit: broken }))).rejects.toThrow(
      'the page is broken',
    );
  });

  test('rejects when the way closes', async () => {
    const { api, client } = join({ ui: () => new Promise(() => {}) });
    const asked = api.call('ui', {}, quietTalk());
    client.close();
    await expect(asked).rejects.toMatchObject({ code: 'E_NO_DAEMON' });
  });
});
