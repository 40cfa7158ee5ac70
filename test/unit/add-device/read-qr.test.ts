/** Real QR codes, as cameras and screenshots bring them. */
import { randomBytes } from 'node:crypto';
import { encodeQR } from 'qr';
import { expect, test } from 'vitest';
import { readQr } from '../../../src/renderer/screens/add-device/scan/read-qr.ts';
import type { Pixels } from '../../../src/renderer/screens/add-device/scan/read-qr.ts';
import { sizesOf } from '../../../src/renderer/screens/add-device/scan/read-picture.ts';

interface Shot {
  /** Pixels of one module. */
  readonly scale: number;
  readonly degrees: number;
  /** Radius of a box blur, pixels. */
  readonly blur: number;
  readonly dark: number;
  readonly light: number;
}

const SHARP: Shot = { scale: 5, degrees: 0, blur: 0, dark: 0, light: 255 };
const FRAME = { width: 1280, height: 720 };
/** As long as a link gets, and as an offline offer does. */
const LINK = `porthole://pair#${randomBytes(147).toString('base64url')}`;
const OFFER = `porthole://pair#${randomBytes(210).toString('base64url')}`;

/** A frame of a camera in front of which somebody holds the code. */
function shoot(text: string, { scale, degrees, blur, dark, light }: Shot): Pixels {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', encoding: 'byte', border: 4 });
  const { width, height } = FRAME;
  const grey = new Float32Array(width * height).fill(light);
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [right, down] = [x - width / 2, y - height / 2];
      const column = Math.floor((right * cos + down * sin) / scale + modules.length / 2);
      const row = Math.floor((down * cos - right * sin) / scale + modules.length / 2);
      if (modules[row]?.[column] === true) grey[y * width + x] = dark;
    }
  }
  return rgba(blurred(grey, blur));
}

function blurred(grey: Float32Array, radius: number): Float32Array {
  const { width, height } = FRAME;
  const soft = new Float32Array(grey.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      let count = 0;
      for (let near = -radius; near <= radius; near++) {
        for (let beside = -radius; beside <= radius; beside++) {
          const value = grey[(y + near) * width + x + beside];
          if (value === undefined) continue;
          sum += value;
          count++;
        }
      }
      soft[y * width + x] = sum / count;
    }
  }
  return soft;
}

function rgba(grey: Float32Array): Pixels {
  const data = new Uint8ClampedArray(grey.length * 4);
  grey.forEach((value, at) => data.set([value, value, value, 255], at * 4));
  return { ...FRAME, data };
}

const SHOTS: Readonly<Record<string, Partial<Shot>>> = {
  sharp: {},
  small: { scale: 3 },
  turned: { degrees: 14 },
  'upside down': { degrees: 187 },
  blurred: { blur: 1 },
  'turned, dim and blurred': { degrees: -9, blur: 1, dark: 70, light: 150 },
};

test.each(Object.entries(SHOTS))('a camera reads a code that is %s', (_name, shot) => {
  expect(readQr(shoot(LINK, { ...SHARP, ...shot }), 'frame')).toBe(LINK);
});

test('an offer to be carried by hand is read from a picture', () => {
  expect(readQr(shoot(OFFER, { ...SHARP, degrees: 4, blur: 1 }), 'picture')).toBe(OFFER);
});

test('where there is no code, there is none', () => {
  const noise = new Uint8ClampedArray(randomBytes(FRAME.width * FRAME.height * 4));
  expect(readQr({ ...FRAME, data: noise }, 'frame')).toBeUndefined();
  expect(
    readQr({ width: 1, height: 1, data: new Uint8ClampedArray(4) }, 'picture'),
  ).toBeUndefined();
});

test('a picture is never made larger, and no size is tried twice', () => {
  expect(sizesOf(300, 200)).toEqual([{ width: 300, height: 200 }]);
  const sizes = sizesOf(4000, 3000);
  expect(sizes.every(({ width, height }) => Math.abs(width / height - 4 / 3) < 0.01)).toBe(true);
  expect(new Set(sizes.map(({ width }) => width)).size).toBe(sizes.length);
  expect(sizesOf(10_000, 1)[0]).toEqual({ width: 1000, height: 1 });
});
