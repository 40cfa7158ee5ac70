/**
 * Renders the drawings of assets/ with Chromium to assets/rendered/, as scripts/icon-recipe.ts says.
 *
 *   npm run icons                 renders all
 *   npm run icons -- --check      exits 1 if a drawing, the recipe or a rendered file has changed
 *
 * CHROMIUM names the browser where it is not /usr/bin/chromium.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { encodeIcns, encodeIco } from './icon-containers.ts';
import type { SizedPng } from './icon-containers.ts';
import { currentManifest, MANIFEST, RENDERED, staleIcons } from './icon-manifest.ts';
import { iconFiles } from './icon-recipe.ts';
import type { IconFile, Picture } from './icon-recipe.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  // Grey edges: a subpixel edge would be coloured.
  '--disable-lcd-text',
  '--force-color-profile=srgb',
];

if (process.argv.includes('--check')) check();
else await renderAll();

function check(): void {
  const stale = staleIcons(ROOT);
  if (stale.length === 0) return;
  console.error(`${stale.join('\n')}\nRun \`npm run icons\`.`);
  process.exitCode = 1;
}

async function renderAll(): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
  try {
    const page = await browser.newPage({ deviceScaleFactor: 1 });
    rmSync(join(ROOT, RENDERED), { recursive: true, force: true });
    for (const file of iconFiles()) write(`${RENDERED}/${file.path}`, await contentOf(page, file));
  } finally {
    await browser.close();
  }
  write(MANIFEST, `${JSON.stringify(currentManifest(ROOT), null, 2)}\n`);
}

async function contentOf(page: Page, file: IconFile): Promise<Buffer> {
  switch (file.kind) {
    case 'copy':
      return readFileSync(drawing(file.source));
    case 'png':
      return render(page, file.pictures[0]);
    case 'ico':
      return encodeIco(await renderEach(page, file.pictures));
    case 'icns':
      return encodeIcns(await renderEach(page, file.pictures));
  }
}

async function renderEach(page: Page, pictures: readonly Picture[]): Promise<SizedPng[]> {
  const sized: SizedPng[] = [];
  for (const picture of pictures) {
    sized.push({ px: picture.px, png: await render(page, picture) });
  }
  return sized;
}

async function render(page: Page, picture: Picture): Promise<Buffer> {
  const { px } = picture;
  await page.setViewportSize({ width: px, height: px });
  await page.setContent(`<style>${style(picture)}</style>${framed(picture)}`);
  return page.screenshot({ omitBackground: true, clip: { x: 0, y: 0, width: px, height: px } });
}

function style({ px, color, outline }: Picture): string {
  const edge = `drop-shadow(0 0 ${outline}px rgb(0 0 0 / 75%))`;
  const filter = outline > 0 ? `filter: ${edge} ${edge};` : '';
  return `body { margin: 0 } svg { display: block; width: ${px}px; height: ${px}px; color: ${color}; ${filter} }`;
}

/** The drawing with the frame of the picture in place of its own. */
function framed({ source, side }: Picture): string {
  const text = readFileSync(drawing(source), 'utf8');
  const own = /viewBox="0 0 (\d+) \1"/.exec(text)?.[1];
  if (own === undefined) throw new Error(`${source} has no square viewBox`);
  const start = (Number(own) - side) / 2;
  return text.replace(/viewBox="[^"]*"/, `viewBox="${start} ${start} ${side} ${side}"`);
}

function drawing(source: string): string {
  return join(ROOT, 'assets', source);
}

function write(path: string, content: Buffer | string): void {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), content);
}
