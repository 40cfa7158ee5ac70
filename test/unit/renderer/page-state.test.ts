import { describe, expect, it } from 'vitest';
import { Navigation } from '../../../src/renderer/app/navigation.ts';
import { NO_ACTIVITY, withBatch } from '../../../src/renderer/state/activity-log.ts';
import {
  formatBytes,
  formatRate,
  formatShare,
  whenWas,
} from '../../../src/renderer/state/format.ts';
import { reuse } from '../../../src/renderer/state/reuse.ts';
import { Store } from '../../../src/renderer/state/store.ts';
import { emptyForm, paramsOfForm } from '../../../src/renderer/screens/ports/share-form.ts';
import {
  forwardState,
  portOf,
  shareState,
} from '../../../src/renderer/screens/ports/share-state.ts';
import { ACTIVITY_KEPT_MAX } from '../../../src/shared/page-limits.ts';
import { ADMIN, DOCS, LAPTOP, REMOTE_NOTES, WEB_APP } from '../../support/fake-views.ts';

describe('reuse', () => {
  it('keeps what is equal the same object', () => {
    const old = { peers: [LAPTOP, { ...LAPTOP, id: 'b' }], name: 'x' };
    const next = structuredClone(old);
    expect(reuse(old, next)).toBe(old);
    const changed = { ...structuredClone(old), name: 'y' };
    const result = reuse(old, changed);
    expect(result).toEqual(changed);
    expect(result.peers).toBe(old.peers);
  });

  it('finds items by their id, wherever they are', () => {
    const b = { ...LAPTOP, id: 'b' };
    const result = reuse([LAPTOP, b], [{ ...b }, { ...LAPTOP, name: 'other' }]);
    expect(result[0]).toBe(b);
    expect(result[1]).toEqual({ ...LAPTOP, name: 'other' });
  });

  it('takes keys that are gone away', () => {
    expect(reuse({ a: 1, b: 2 }, { a: 1 })).toEqual({ a: 1 });
    expect(reuse([1, 2], [1])).toEqual([1]);
  });
});

describe('a store', () => {
  it('tells about other values only, until nobody listens', () => {
    const store = new Store(1);
    const seen: number[] = [];
    const stop = store.subscribe(() => seen.push(store.get()));
    store.set(1);
    store.set(2);
    stop();
    store.set(3);
    expect(seen).toEqual([2]);
  });
});

describe('the activity log', () => {
  it('is bounded, numbers its entries and counts what was left out', () => {
    const entry = { at: '2026-11-21T14:00:00.000Z', level: 'info', text: 'x' } as const;
    const batch = { entries: Array.from({ length: 200 }, () => entry), dropped: 3 };
    let log = NO_ACTIVITY;
    for (let index = 0; index < 30; index += 1) log = withBatch(log, batch);
    expect(log.entries).toHaveLength(ACTIVITY_KEPT_MAX);
    expect(log.entries.at(-1)?.number).toBe(6000);
    expect(log.dropped).toBe(30 * 3 + 6000 - ACTIVITY_KEPT_MAX);
  });
});

describe('numbers and times', () => {
  it('are written as people read them', () => {
    expect(
      [0, 999, 999.6, 1000, 9_940, 9_960, 40_000, 999_600, 1_234_567].map(formatBytes),
    ).toEqual(['0 B', '999 B', '1.0 kB', '1.0 kB', '9.9 kB', '10 kB', '40 kB', '1.0 MB', '1.2 MB']);
    expect(formatRate(-5)).toBe('0 B/s');
    expect([0, 0.004, 0.0999, 0.12].map(formatShare)).toEqual(['0 %', '0.4 %', '10 %', '12 %']);
  });

  it('say a day as a person does', () => {
    const now = new Date(2026, 10, 21, 14, 30).getTime();
    expect(whenWas(at(21, 14), now, 'en')).toEqual({ kind: 'today', time: '14:02' });
    expect(whenWas(at(20, 23), now, 'en')).toEqual({ kind: 'yesterday', time: '23:02' });
    expect(whenWas(at(3, 0), now, 'en')).toEqual({ kind: 'onDay', day: 'November 3' });
    expect(whenWas(at(3, 0), now, 'zh-Hant')).toEqual({ kind: 'onDay', day: '11月3日' });
    expect(whenWas(null, now, 'en')).toEqual({ kind: 'never' });
    expect(whenWas('what', now, 'en')).toEqual({ kind: 'never' });
  });
});

describe('ports', () => {
  it('are in the state that matters most', () => {
    expect(shareState(WEB_APP, 'on')).toBe('live');
    expect(shareState(WEB_APP, 'paused')).toBe('pausedState');
    expect(shareState(DOCS, 'on')).toBe('waiting');
    expect(shareState(ADMIN, 'on')).toBe('pausedState');
    expect(shareState({ ...DOCS, state: 'stopped' }, 'paused')).toBe('stopped');
    expect(forwardState(REMOTE_NOTES, 'offline')).toBe('waiting');
    expect(forwardState(REMOTE_NOTES, 'up')).toBe('error');
    expect(forwardState({ ...REMOTE_NOTES, state: 'live' }, 'up')).toBe('live');
    expect([portOf('127.0.0.1:80'), portOf('[::1]:443'), portOf('x')]).toEqual(['80', '443', 'x']);
  });

  it('are shared only as a whole form', () => {
    expect(paramsOfForm(emptyForm(null))).toBe('portInvalid');
    expect(paramsOfForm({ ...emptyForm(3000), port: '70000' })).toBe('portInvalid');
    expect(paramsOfForm({ ...emptyForm(3000), who: 'chosen' })).toBe('chooseOne');
    expect(paramsOfForm({ ...emptyForm(3000), name: ' a ' })).toEqual({
      target: '3000',
      name: 'a',
      peers: [],
      lan: 'this-computer',
    });
    expect(paramsOfForm({ ...emptyForm(null), target: 'nas:80', lan: 'allow-lan' })).toMatchObject({
      target: 'nas:80',
      lan: 'allow-lan',
    });
  });
});

describe('wishes', () => {
  it('open what they ask for', () => {
    const navigation = new Navigation();
    navigation.fulfil({ kind: 'share', port: 3000 });
    expect(navigation.overlay.get()).toEqual({ kind: 'share', port: 3000 });
    navigation.fulfil({ kind: 'share-code', share: 'a' });
    expect(navigation.overlay.get()).toEqual({ kind: 'add-device', code: null, grant: 'a' });
    navigation.fulfil({ kind: 'add-device', code: 'porthole://pair#x' });
    expect(navigation.overlay.get()).toMatchObject({ code: 'porthole://pair#x', grant: null });
  });
});

/** A time in November 2026. */
function at(day: number, hour: number): string {
  return new Date(2026, 10, day, hour, 2).toISOString();
}
