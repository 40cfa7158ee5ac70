/** Where the window comes up again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DesktopScreen, Rectangle } from '../../../src/main/desktop/desktop.ts';
import {
  placeOf,
  readWindowState,
  saveWindowState,
} from '../../../src/main/window/window-state.ts';

const folder = mkdtempSync(join(tmpdir(), 'porthole-window-'));
const LAPTOP = { x: 0, y: 25, width: 1440, height: 875 };
const SECOND = { x: 1440, y: 0, width: 2560, height: 1440 };
const STATE = { x: 1600, y: 100, width: 1000, height: 700, maximized: false };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function screen(
  areas: readonly Rectangle[],
  placement: DesktopScreen['placement'] = 'free',
): DesktopScreen {
  return { workAreas: () => areas, placement };
}

describe('a window', () => {
  test('is 860 by 600 at first, wherever the system puts it', () => {
    expect(placeOf(undefined, screen([LAPTOP]))).toEqual({ width: 860, height: 600 });
    expect(placeOf(undefined, screen([]))).toEqual({ width: 860, height: 600 });
  });

  test('comes up where it was', () => {
    expect(placeOf(STATE, screen([LAPTOP, SECOND]))).toEqual({
      x: 1600,
      y: 100,
      width: 1000,
      height: 700,
    });
  });

  test('comes up with its size only on Wayland', () => {
    expect(placeOf(STATE, screen([LAPTOP, SECOND], 'by-system'))).toEqual({
      width: 1000,
      height: 700,
    });
  });

  test('comes up on a display that is there, when its own has gone', () => {
    expect(placeOf(STATE, screen([LAPTOP]))).toEqual({ width: 1000, height: 700 });
  });

  test.each([
    { x: 1400, y: 100 },
    { x: -950, y: 100 },
    { x: 100, y: -5 },
    { x: 100, y: 890 },
  ])('comes up whole, not with its title bar out of reach at %j', (place) => {
    expect(placeOf({ ...STATE, ...place }, screen([LAPTOP]))).not.toHaveProperty('x');
  });

  test('is never smaller than can be used, or larger than its display', () => {
    const state = { ...STATE, x: 0, y: 25 };
    expect(placeOf({ ...state, width: 9000, height: 9000 }, screen([LAPTOP]))).toMatchObject({
      width: 1440,
      height: 875,
    });
    expect(placeOf({ ...state, width: 300, height: 41 }, screen([LAPTOP]))).toMatchObject({
      width: 420,
      height: 480,
    });
  });
});

test('what was saved is there again', () => {
  saveWindowState(folder, STATE);
  expect(readWindowState(folder)).toEqual(STATE);
});

test.each(['', '{', '[]', '{"x":1}', '{"x":1e9,"y":0.5,"width":1,"height":1,"maximized":false}'])(
  '%j is no state',
  (text) => {
    writeFileSync(join(folder, 'window.json'), text);
    expect(readWindowState(folder)).toBeUndefined();
  },
);

test('a disk that takes nothing costs nothing else', () => {
  expect(() => saveWindowState(join(folder, 'nowhere'), STATE)).not.toThrow();
});
