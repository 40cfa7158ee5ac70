import { describe, expect, it } from 'vitest';
import { pageBridge } from '../../../src/renderer/bridge/page-bridge.ts';
import type { PageApi } from '../../../src/shared/calls/page-api.ts';

/** A preload script's function that never answers, and remembers whether it was told to stop. */
function silent(): {
  page: PageApi;
  cancelled: () => number;
  wanted: () => void;
  inputs: unknown[];
} {
  let cancels = 0;
  let wanted: (() => void) | undefined;
  const inputs: unknown[] = [];
  const call = (_params: unknown, listener: { onWanted(): void }): unknown => {
    wanted = () => listener.onWanted();
    return {
      outcome: new Promise(() => {}),
      answer: (input: unknown) => inputs.push(input),
      cancel: () => (cancels += 1),
    };
  };
  const page = { watch: call } as unknown as PageApi;
  return { page, cancelled: () => cancels, wanted: () => wanted?.(), inputs };
}

describe('the bridge to the desktop app', () => {
  it('throws errors with their code', async () => {
    const failed = { ok: false, code: 'E_SHARE_UNKNOWN', message: 'no such share' };
    const status = (): unknown => ({
      outcome: Promise.resolve(failed),
      answer: () => {},
      cancel: () => {},
    });
    const { api } = pageBridge({ status } as unknown as PageApi);
    const talk = {
      signal: new AbortController().signal,
      emit: () => {},
      nextInput: () => new Promise<never>(() => {}),
    };
    await expect(api.call('status', {}, talk)).rejects.toMatchObject({
      code: 'E_SHARE_UNKNOWN',
      message: 'no such share',
    });
  });

  it('passes inputs on, and stops what nobody waits for any more', async () => {
    const { page, cancelled, wanted, inputs } = silent();
    const { api } = pageBridge(page);
    const wish = new AbortController();
    const call = api.call(
      'watch',
      {},
      {
        signal: wish.signal,
        emit: () => {},
        nextInput: async () => 'more' as const,
      },
    );
    wanted();
    await Promise.resolve();
    await Promise.resolve();
    expect(inputs).toEqual(['more']);
    wish.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(cancelled()).toBe(1);
  });
});
