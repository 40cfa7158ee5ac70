/**
 * Where the window was, in `<data folder>/window.json`.
 *
 * Invariant: a window always comes up whole and where a display is; a file that makes no sense, or a
 * disk that takes none, costs the place and nothing else.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { realFileSystem } from '../../engine/store/file-system.ts';
import { replacePrivateFile } from '../../engine/store/private-file.ts';
import type { DesktopScreen, Rectangle } from '../desktop/desktop.ts';
import { WINDOW_LEAST, WINDOW_SIZE } from './window-options.ts';

const whole = v.pipe(v.number(), v.integer());
const StateSchema = v.object({
  x: whole,
  y: whole,
  width: whole,
  height: whole,
  maximized: v.boolean(),
});
export type WindowState = v.InferOutput<typeof StateSchema>;

/** For a new window; without a place the system finds one. */
export interface WindowPlace {
  readonly width: number;
  readonly height: number;
  readonly x?: number;
  readonly y?: number;
}

/** So much of a window must be on a display for a person to get hold of it, pixels. */
const GRIP = { width: 120, height: 40 } as const;

export function readWindowState(dataDir: string): WindowState | undefined {
  try {
    const text = readFileSync(pathIn(dataDir), 'utf8');
    const { success, output } = v.safeParse(StateSchema, JSON.parse(text));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}

export function saveWindowState(dataDir: string, state: WindowState): void {
  try {
    const bytes = Buffer.from(`${JSON.stringify(state)}\n`);
    replacePrivateFile(realFileSystem, pathIn(dataDir), { bytes, previous: 'drop' });
  } catch {
    // The window comes up in the middle the next time.
  }
}

/** Where a window with this state can be shown now. */
export function placeOf(state: WindowState | undefined, screen: DesktopScreen): WindowPlace {
  const areas = screen.workAreas();
  const wanted = state ?? { ...WINDOW_SIZE, x: 0, y: 0 };
  const home = areas.find((area) => isGripped(wanted, area));
  const area = home ?? areas[0];
  const size = {
    width: within(wanted.width, WINDOW_LEAST.width, area?.width),
    height: within(wanted.height, WINDOW_LEAST.height, area?.height),
  };
  const isPlaced = state !== undefined && home !== undefined && screen.placement === 'free';
  return isPlaced ? { ...size, x: state.x, y: state.y } : size;
}

/** Whether its title bar can be caught in this area. */
function isGripped(window: Rectangle, area: Rectangle): boolean {
  const right = Math.min(window.x + window.width, area.x + area.width);
  const across = right - Math.max(window.x, area.x);
  const below = area.y + area.height - window.y;
  return across >= GRIP.width && window.y >= area.y && below >= GRIP.height;
}

/** The least wins over the display: what is too small is of no use. */
function within(wanted: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  return Math.max(least, Math.min(wanted, most));
}

function pathIn(dataDir: string): string {
  return join(dataDir, 'window.json');
}
