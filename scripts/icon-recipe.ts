/**
 * What is rendered from the drawings in assets/: one row for each file of assets/rendered/.
 * Invariant: a pure table. The same drawings and the same table give the same pictures.
 */

/** The states of the tray (design/ux.md C2) and the two frames of the moving one. */
export const TRAY_PICTURES = [
  'off',
  'no-device',
  'connecting',
  'connecting-1',
  'connecting-2',
  'connected',
  'problem',
  'needs-you',
] as const;

/** One picture: a part of a drawing, in square pixels. */
export interface Picture {
  readonly source: string;
  readonly px: number;
  /** The side of the square of the drawing that is shown, in its units, around its centre. */
  readonly side: number;
  readonly color: string;
  /** A dark edge of this many pixels around the drawing; 0 for none. */
  readonly outline: number;
}

/** One file of assets/rendered/. A `copy` is its source as it is. */
export type IconFile =
  | { readonly kind: 'png'; readonly path: string; readonly pictures: readonly [Picture] }
  | { readonly kind: 'ico' | 'icns'; readonly path: string; readonly pictures: readonly Picture[] }
  | { readonly kind: 'copy'; readonly path: string; readonly source: string };

const APP = 'app-icon.svg';
const APP_SMALL = 'app-icon-small.svg';
/** Below this the details of the app icon are mud. */
const SMALL_MAX_PX = 48;
/** Apple's icon grid leaves a margin of 100 of 1024 around the tile. */
const APPLE_SIDE = { full: 1024, small: 39.8 };
/** Elsewhere the tile fills the square; the margin left is for its shadow. */
const TILE_SIDE = { full: 856, small: 32 };

const LINUX_APP_PX = [16, 24, 32, 48, 64, 128, 256, 512];
const WINDOWS_APP_PX = [16, 20, 24, 32, 40, 48, 64, 128, 256];
const APPLE_APP_PX = [32, 64, 128, 256, 512, 1024];
const FAVICON_PX = [16, 32, 48];
const WINDOWS_TRAY_PX = [16, 20, 24, 32, 48];

/** The outer radius of the ring in the drawings of the tray. */
const RING_RADIUS = 7;
/** The same radius in pixels: whole, so that the ring ends on an edge between pixels. */
const RING_RADIUS_PX = new Map([
  [16, 7],
  [20, 9],
  [24, 11],
  [32, 14],
  [48, 22],
]);

const TEMPLATE = '#000';
const BARS = { 'on-dark': '#fff', 'on-light': '#1c1c1e' } as const;
const OUTLINE_SHARE = 1 / 24;

/** Every file of assets/rendered/, but for the manifest. Paths are relative to it. */
export function iconFiles(): IconFile[] {
  return [...appFiles(), ...webFiles(), ...TRAY_PICTURES.flatMap(trayFiles)];
}

function appFiles(): IconFile[] {
  return [
    png('app/icon.png', appPicture(1024, TILE_SIDE)),
    ...LINUX_APP_PX.map((px) => png(`app/linux/${px}x${px}.png`, appPicture(px, TILE_SIDE))),
    {
      kind: 'ico',
      path: 'app/icon.ico',
      pictures: WINDOWS_APP_PX.map((px) => appPicture(px, TILE_SIDE)),
    },
    {
      kind: 'icns',
      path: 'app/icon.icns',
      pictures: APPLE_APP_PX.map((px) => appPicture(px, APPLE_SIDE)),
    },
  ];
}

function webFiles(): IconFile[] {
  const pictures = FAVICON_PX.map((px) => appPicture(px, TILE_SIDE));
  return [
    { kind: 'copy', path: 'web/favicon.svg', source: APP_SMALL },
    { kind: 'ico', path: 'web/favicon.ico', pictures },
  ];
}

function trayFiles(state: string): IconFile[] {
  const bars = Object.entries(BARS);
  return [
    png(`tray/mac/${state}Template.png`, trayPicture(state, 16, TEMPLATE)),
    png(`tray/mac/${state}Template@2x.png`, trayPicture(state, 32, TEMPLATE)),
    ...bars.map(([bar, color]): IconFile => {
      const pictures = WINDOWS_TRAY_PX.map((px) => trayPicture(state, px, color));
      return { kind: 'ico', path: `tray/windows/${state}-${bar}.ico`, pictures };
    }),
    ...bars.flatMap(([bar, color]) => [
      png(`tray/linux/${state}-${bar}.png`, linuxPicture(state, 24, color)),
      png(`tray/linux/${state}-${bar}@2x.png`, linuxPicture(state, 48, color)),
    ]),
  ];
}

function png(path: string, picture: Picture): IconFile {
  return { kind: 'png', path, pictures: [picture] };
}

function appPicture(px: number, side: typeof TILE_SIDE): Picture {
  const small = px <= SMALL_MAX_PX;
  return {
    source: small ? APP_SMALL : APP,
    px,
    side: small ? side.small : side.full,
    color: TEMPLATE,
    outline: 0,
  };
}

function trayPicture(state: string, px: number, color: string): Picture {
  const radius = RING_RADIUS_PX.get(px);
  if (radius === undefined) throw new Error(`no ring radius for ${px} pixels`);
  const side = (px * RING_RADIUS) / radius;
  return { source: `tray/${state}.svg`, px, side, color, outline: 0 };
}

/** Linux does not say what colour its panel is: the white set has a dark edge for the case that it is light. */
function linuxPicture(state: string, px: number, color: string): Picture {
  const outline = color === BARS['on-dark'] ? px * OUTLINE_SHARE : 0;
  return { ...trayPicture(state, px, color), outline };
}
