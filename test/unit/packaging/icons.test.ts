/** The rendered icons: fresh, complete, well formed, and told apart by their shape alone. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeIcns, encodeIco } from '../../../scripts/icon-containers.ts';
import type { SizedPng } from '../../../scripts/icon-containers.ts';
import { staleIcons } from '../../../scripts/icon-manifest.ts';
import { iconFiles, TRAY_PICTURES } from '../../../scripts/icon-recipe.ts';
import { decodePng } from '../../support/png.ts';
import type { Pixels } from '../../support/png.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const RENDERED = join(ROOT, 'assets/rendered');
/** Of the pixels that either picture fills, how many only one of them must fill. */
const SHAPE_DIFFERENCE_MIN = 0.2;
const HALF_ALPHA = 128;

function pictureAt(path: string): Pixels {
  return decodePng(readFileSync(join(RENDERED, path)));
}

function alphas({ rgba }: Pixels): number[] {
  return [...rgba].filter((_, index) => index % 4 === 3);
}

/** 0 for the same shape, 1 for two that share no pixel. Colours do not count. */
function shapeDifference(a: Pixels, b: Pixels): number {
  const filledA = alphas(a).map((alpha) => alpha >= HALF_ALPHA);
  const filledB = alphas(b).map((alpha) => alpha >= HALF_ALPHA);
  const either = filledA.filter((filled, index) => filled || filledB[index]).length;
  const one = filledA.filter((filled, index) => filled !== filledB[index]).length;
  return one / either;
}

function pairs<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((a, index) => items.slice(index + 1).map((b): [T, T] => [a, b]));
}

describe('the rendered icons', () => {
  it('are those of the drawings and the recipe', () => {
    expect(staleIcons(ROOT)).toEqual([]);
  });

  it('are all there', () => {
    const missing = iconFiles().filter(({ path }) => !existsSync(join(RENDERED, path)));
    expect(missing).toEqual([]);
  });

  it('have the size they are rendered for', () => {
    const wrong = iconFiles().flatMap((file) => {
      if (file.kind !== 'png') return [];
      const { width, height } = pictureAt(file.path);
      const [{ px }] = file.pictures;
      return width === px && height === px ? [] : [file.path];
    });
    expect(wrong).toEqual([]);
  });
});

describe('the tray icons', () => {
  const kinds = [
    { name: 'macOS at 16 pixels', path: (state: string) => `tray/mac/${state}Template.png` },
    { name: 'macOS at 32 pixels', path: (state: string) => `tray/mac/${state}Template@2x.png` },
    { name: 'Linux at 24 pixels', path: (state: string) => `tray/linux/${state}-on-light.png` },
  ];

  it.each(kinds)('differ in shape, $name', ({ path }) => {
    const alike = pairs(TRAY_PICTURES)
      .map(([a, b]) => ({ a, b, by: shapeDifference(pictureAt(path(a)), pictureAt(path(b))) }))
      .filter(({ by }) => by < SHAPE_DIFFERENCE_MIN);
    expect(alike).toEqual([]);
  });

  it('are the same shape for a dark bar and a light one, on Windows', () => {
    for (const state of TRAY_PICTURES) {
      const [dark, light] = ['on-dark', 'on-light'].map((bar) =>
        decodePng(firstOfIco(readFileSync(join(RENDERED, `tray/windows/${state}-${bar}.ico`)))),
      );
      expect(dark).toBeDefined();
      expect(light).toBeDefined();
      if (dark === undefined || light === undefined) return;
      expect(shapeDifference(dark, light)).toBe(0);
    }
  });

  it('are black and alpha only, as macOS wants a template', () => {
    for (const state of TRAY_PICTURES) {
      const { rgba } = pictureAt(`tray/mac/${state}Template.png`);
      const coloured = [...rgba].filter((value, index) => index % 4 !== 3 && value !== 0);
      expect(coloured).toEqual([]);
      // A line of one pixel that is round fills none wholly.
      expect(Math.max(...alphas(pictureAt(`tray/mac/${state}Template.png`)))).toBeGreaterThan(224);
    }
  });

  it('have dark pixels around the white ones on Linux, for a panel that is light', () => {
    for (const state of TRAY_PICTURES) {
      const { rgba } = pictureAt(`tray/linux/${state}-on-dark.png`);
      const dark = [...rgba].filter((value, index) => {
        return index % 4 === 0 && value < 64 && (rgba[index + 3] ?? 0) > 64;
      });
      expect(dark.length).toBeGreaterThan(40);
    }
  });
});

function firstOfIco(ico: Buffer): Buffer {
  const length = ico.readUInt32LE(6 + 8);
  const offset = ico.readUInt32LE(6 + 12);
  return ico.subarray(offset, offset + length);
}

function png(px: number): SizedPng {
  return { px, png: Buffer.from(`picture of ${px}`) };
}

describe('the containers', () => {
  it('say in an ICO where each picture is, and 0 for a side of 256', () => {
    const ico = encodeIco([png(16), png(256)]);
    expect(ico.subarray(0, 6).toString('hex')).toBe('000001000200');
    expect(ico.readUInt8(6)).toBe(16);
    expect(ico.readUInt8(6 + 16)).toBe(0);
    expect(firstOfIco(ico).toString()).toBe('picture of 16');
    const second = ico.readUInt32LE(6 + 16 + 12);
    expect(ico.subarray(second).toString()).toBe('picture of 256');
  });

  it('refuse an ICO of 512 pixels', () => {
    expect(() => encodeIco([png(512)])).toThrow(RangeError);
  });

  it('have every type from ic07 to ic14 in an ICNS, and its length', () => {
    const icns = encodeIcns([32, 64, 128, 256, 512, 1024].map(png));
    expect(icns.toString('ascii', 0, 4)).toBe('icns');
    expect(icns.readUInt32BE(4)).toBe(icns.length);
    const types = [];
    for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) {
      types.push(icns.toString('ascii', at, at + 4));
    }
    const wanted = ['ic07', 'ic08', 'ic09', 'ic10', 'ic11', 'ic12', 'ic13', 'ic14'];
    expect(types.toSorted()).toEqual(wanted);
  });

  it('refuse an ICNS that lacks a picture', () => {
    expect(() => encodeIcns([png(32)])).toThrow(RangeError);
  });
});

describe('a change of a drawing', () => {
  let copy: string;

  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'porthole-icons-'));
    cpSync(join(ROOT, 'assets'), join(copy, 'assets'), { recursive: true });
    for (const name of ['icon-containers', 'icon-recipe', 'render-icons']) {
      cpSync(join(ROOT, `scripts/${name}.ts`), join(copy, `scripts/${name}.ts`));
    }
  });
  afterEach(() => rmSync(copy, { recursive: true }));

  it('makes the icons stale until they are rendered again', () => {
    expect(staleIcons(copy)).toEqual([]);
    writeFileSync(join(copy, 'assets/tray/off.svg'), '<svg/>');
    writeFileSync(join(copy, 'assets/tray/new.svg'), '<svg/>');
    rmSync(join(copy, 'assets/rendered/tray/mac/offTemplate.png'));
    expect(staleIcons(copy).toSorted()).toEqual([
      'assets/rendered/tray/mac/offTemplate.png is missing',
      'assets/tray/new.svg is new',
      'assets/tray/off.svg is different',
    ]);
  });

  it('is a change where the manifest is lost', () => {
    rmSync(join(copy, 'assets/rendered/manifest.json'));
    expect(staleIcons(copy)).toEqual(['assets/rendered/manifest.json is missing']);
  });
});
