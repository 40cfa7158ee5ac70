/** Who sees and reaches what, as the book decides it at every single question (threats 6 and 7). */
import { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { grant, revoke } from '../../../src/engine/service/access.ts';
import { ShareBook } from '../../../src/engine/service/share-book.ts';
import type { Share, ShareBookOptions } from '../../../src/engine/service/share-book.ts';
import type { DialOutcome } from '../../../src/engine/tunnel/dialer.ts';
import type { Access } from '../../../src/shared/contract.ts';
import { seededRandom } from '../../../src/shared/random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const GUESSES = 65_536;
const NOBODY: Access = { kind: 'chosen', peers: [] };
const EVERYONE: Access = { kind: 'everyone', except: [] };

const IGNORE: DialOutcome = { onConnected: () => undefined, onFailed: () => undefined };

function idOf(number: number): string {
  return number.toString(16).padStart(32, '0');
}

function bytesOf(number: number): Uint8Array {
  return Buffer.from(idOf(number), 'hex');
}

function openBook(options: Partial<ShareBookOptions> = {}) {
  const changed: string[] = [];
  const clock = new VirtualClock();
  const book = new ShareBook({
    clock,
    random: seededRandom(1),
    ownPorts: () => new Set([4711]),
    probes: 'off',
    events: { onChanged: (id) => changed.push(id), onHealth: () => undefined },
    ...options,
  });
  const share = (number: number, change: Partial<Share> = {}): void =>
    book.add({
      id: idOf(number),
      name: `share ${number}`,
      target: { host: 'loopback', port: 1 },
      access: EVERYONE,
      lan: 'this-computer',
      ...change,
    });
  return { book, changed, clock, share };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the list a peer sees', () => {
  it('has what it may use, now, and nothing of who else may', () => {
    const { book, share } = openBook();
    share(1);
    share(2, { access: grant(NOBODY, 'a') });
    share(3, { access: revoke(EVERYONE, 'a') });
    const names = (id: string): string[] => book.announcedTo(id).map(({ name }) => name);
    expect(names('a')).toEqual(['share 1', 'share 2']);
    expect(names('b')).toEqual(['share 1', 'share 3']);
    book.setAccess(idOf(1), NOBODY);
    book.remove(idOf(3));
    expect(names('a')).toEqual(['share 2']);
    expect(names('b')).toEqual([]);
    expect(book.announcedTo('a')).toEqual([
      { id: Buffer.from(idOf(2), 'hex'), name: 'share 2', port: 1, loopback: true, down: false },
    ]);
  });

  it('has names that are safe to show and of bounded length', () => {
    const { book, share } = openBook();
    share(1, { name: `\u202eevil\n${'x'.repeat(5000)}` });
    expect(book.announcedTo('a')[0]?.name).toBe(`evil${'x'.repeat(60)}`);
  });

  it('is to be told again after every change, and only then', () => {
    const { book, changed, share } = openBook();
    share(1);
    book.setAccess(idOf(1), EVERYONE);
    book.setAccess(idOf(9), NOBODY);
    book.remove(idOf(9));
    expect(changed).toEqual([idOf(1)]);
    book.setAccess(idOf(1), NOBODY);
    book.remove(idOf(1));
    expect(changed).toEqual([idOf(1), idOf(1), idOf(1)]);
  });
});

describe('what may be in the book', () => {
  it('is what the target policy allows', () => {
    const { book, share } = openBook();
    const lan = { target: { host: { name: '192.168.1.2' }, port: 80 } };
    expect(() => share(1, lan)).toThrow(expect.objectContaining({ code: 'E_LAN_TARGET' }));
    expect(() => share(2, { target: { host: 'loopback', port: 4711 } })).toThrow(
      expect.objectContaining({ code: 'E_TARGET_FORBIDDEN' }),
    );
    expect(book.list()).toEqual([]);
    share(1, { ...lan, lan: 'allow-lan' });
    expect(book.get(idOf(1))?.lan).toBe('allow-lan');
  });
});

describe('a dial', () => {
  it('is decided when it is asked for, not when the dialer was made', () => {
    const connect = vi.spyOn(Socket.prototype, 'connect').mockReturnThis();
    const { book, share } = openBook();
    const dialer = book.dialerFor('a');
    const ask = () => [dialer.mayDial(bytesOf(1)), dialer.dial(bytesOf(1), IGNORE)];
    expect(ask()).toEqual([false, 'not-allowed']);
    share(1);
    expect(ask()[0]).toBe(true);
    expect(connect).toHaveBeenCalledTimes(1);
    book.setAccess(idOf(1), revoke(EVERYONE, 'a'));
    expect(ask()).toEqual([false, 'not-allowed']);
    book.setAccess(idOf(1), grant(NOBODY, 'a'));
    expect(ask()[0]).toBe(true);
    book.remove(idOf(1));
    expect(ask()).toEqual([false, 'not-allowed']);
    expect(connect).toHaveBeenCalledTimes(2);
  });

  it('row 6: 65,536 guesses, ids of another peer and revoked ones cause no connect()', () => {
    const connect = vi.spyOn(Socket.prototype, 'connect').mockReturnThis();
    const { book, share } = openBook();
    for (let number = 0; number < 256; number++) {
      share(number * 256, { access: grant(NOBODY, 'somebody else') });
    }
    share(1);
    book.setAccess(idOf(1), revoke(EVERYONE, 'a'));
    const dialer = book.dialerFor('a');
    for (let guess = 0; guess < GUESSES; guess++) {
      expect(dialer.dial(bytesOf(guess), IGNORE)).toBe('not-allowed');
    }
    for (const id of [new Uint8Array(0), new Uint8Array(64), bytesOf(1).subarray(1)]) {
      expect(dialer.dial(id, IGNORE)).toBe('not-allowed');
    }
    expect(connect).not.toHaveBeenCalled();
    // It would have been seen.
    expect(book.dialerFor('somebody else').dial(bytesOf(256), IGNORE)).not.toBe('not-allowed');
    expect(connect).toHaveBeenCalledTimes(1);
  });

  it('row 7: an unknown and a forbidden share take the same time', () => {
    const { book, share } = openBook();
    const peers = Array.from({ length: 5 }, (_, index) => `peer ${index}`);
    const known = Array.from({ length: 100 }, (_, index) => index);
    for (const number of known) share(number, { access: { kind: 'chosen', peers } });
    const dialer = book.dialerFor('a');
    const forbidden = known.map(bytesOf);
    const unknown = known.map((number) => bytesOf(number + 1000));
    const time = (ids: readonly Uint8Array[]): number => {
      const start = performance.now();
      for (const id of ids) dialer.dial(id, IGNORE);
      return performance.now() - start;
    };
    const times = { forbidden: [] as number[], unknown: [] as number[] };
    for (let round = 0; round < 1000; round++) {
      times.forbidden.push(time(forbidden));
      times.unknown.push(time(unknown));
    }
    const [one, other] = [median(times.forbidden), median(times.unknown)];
    // A connect() would be a hundred times as much.
    expect(Math.max(one, other) / Math.min(one, other)).toBeLessThan(3);
  });
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
