/** The tray and the notifications as the app has them: a double of the desktop, a real engine. */
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/engine/system-clock.ts';
import { trayCompanion } from '../../../src/main/tray-companion.ts';
import type { TrayPresence } from '../../../src/main/tray/tray-presence.ts';
import { AppScene, closeScenes } from '../../support/app-scene.ts';
import { until } from '../../support/desktop-double.ts';
import type { TrayDouble } from '../../support/desktop-double.ts';
import { itemAt, linesOf } from './shell-scene.ts';

afterEach(closeScenes);

interface Wanted {
  readonly platform?: 'linux' | 'macos' | 'windows';
  readonly presence?: TrayPresence;
}

async function startApp({ platform = 'linux', presence = SHOWN }: Wanted = {}) {
  const scene = new AppScene({
    platform,
    app: {
      companions: [
        trayCompanion({
          clock: systemClock,
          pictures: '/pictures',
          detect: () => Promise.resolve(presence),
        }),
      ],
    },
  });
  await scene.start();
  return scene;
}

const SHOWN: TrayPresence = { kind: 'shown', watcher: ':1.7' };

async function trayOf(scene: AppScene): Promise<TrayDouble> {
  await until(() => (scene.desktop.trays[0]?.menu.length ?? 0) > 0);
  return scene.desktop.trays[0] as TrayDouble;
}

function choose(tray: TrayDouble, ...path: string[]): void {
  const item = itemAt(tray.menu, path);
  if (item.kind !== 'action' && item.kind !== 'checkbox')
    throw new Error(`no action: ${path.join(', ')}`);
  tray.listener.onAction(item.action);
}

describe('the tray of the app', () => {
  test('shows the engine, and acts on it', async () => {
    const scene = await startApp();
    const tray = await trayOf(scene);
    await until(() => tray.image.includes('no-device'));
    expect(tray.image).toBe('/pictures/linux/no-device-on-dark.png');
    choose(tray, 'Pause All Sharing');
    await until(() => tray.image.includes('/off-'));
    expect((await scene.call('status', {})).sharing).toBe('paused');
  });

  test.each([
    ['macos', '/pictures/mac/no-deviceTemplate.png'],
    ['windows', '/pictures/windows/no-device-on-light.ico'],
  ] as const)('on %s has the pictures of that system', async (platform, picture) => {
    const scene = await startApp({ platform });
    scene.desktop.changeLook({ background: 'light', motion: 'reduced' });
    // On Windows there is a menu only behind a right click.
    const tray = scene.desktop.trays[0] as TrayDouble;
    await until(() => tray.image.includes('no-device') && !tray.image.includes('on-dark'));
    expect(tray.image).toBe(picture);
  });

  test('is in the language of the moment', async () => {
    const scene = await startApp();
    const tray = await trayOf(scene);
    expect(linesOf(tray.menu)).toContain('Quit Porthole');
    await scene.call('changePreferences', { language: 'zh-Hant' });
    await until(() => linesOf(tray.menu).includes('結束 Porthole'));
  });

  test('opens the window, and quits', async () => {
    const scene = await startApp();
    const tray = await trayOf(scene);
    choose(tray, 'Settings…');
    await until(() => scene.desktop.windows.length === 1);
    choose(tray, 'Quit Porthole');
    await until(() => scene.desktop.app.ended !== undefined);
    expect(tray.isDestroyed).toBe(true);
  });

  test('is missing where the desktop shows none, and the app runs', async () => {
    const scene = await startApp({ presence: { kind: 'missing' } });
    expect(scene.desktop.trays).toHaveLength(0);
    expect((await scene.call('status', {})).sharing).toBe('on');
  });

  test('tells of what failed by a notification', async () => {
    const scene = await startApp();
    const tray = await trayOf(scene);
    tray.listener.onAction({ kind: 'stop', share: 'gone' });
    await until(() => scene.desktop.cards.length === 1);
    expect(scene.desktop.cards[0]?.body).toContain('That is not shared any more.');
  });
});
