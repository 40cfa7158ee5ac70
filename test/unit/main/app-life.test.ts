/** The desktop app from its start to its end, on a double of its desktop and with a real engine. */
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { connectControl } from '../../../src/control/control-client.ts';
import { PortholeHost } from '../../../src/control/porthole-host.ts';
import { Engine } from '../../../src/engine/engine.ts';
import type { Companion } from '../../../src/main/app-parts.ts';
import { QUIT_DEADLINE_MS } from '../../../src/shared/limits.ts';
import { Quitter } from '../../../src/main/quitter.ts';
import type { Wish } from '../../../src/shared/shell-calls.ts';
import { AppScene, closeScenes } from '../../support/app-scene.ts';
import { KeyringDouble, until } from '../../support/desktop-double.ts';
import { quietTalk } from '../../support/quiet-talk.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

afterEach(async () => {
  vi.restoreAllMocks();
  await closeScenes();
});

function nextWish(scene: AppScene): Promise<Wish> {
  return new Promise((resolve) => {
    scene.call('wishes', {}, { emit: resolve }).catch(() => undefined);
  });
}

function otherHost(dataDir: string): Promise<PortholeHost> {
  return PortholeHost.start({
    dataDir,
    purpose: 'keep',
    rendezvous: [],
    stun: [],
    turn: { urls: [], passwordFile: undefined },
    version: '0.0.0',
    onEvent: () => undefined,
  });
}

describe('a start', () => {
  test('does in order what must precede ready', () => {
    const scene = new AppScene();
    expect(scene.app.prepare()).toBe('first');
    expect(scene.desktop.app.asked).toEqual([
      'enableSandbox',
      'registerPageScheme app',
      'setIdentity',
      'setUserData',
      'beTheOnlyOne',
    ]);
  });

  test('shows the window, and answers commands over the control socket', async () => {
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    expect(scene.desktop.window.loaded).toEqual(['app://porthole/']);
    const client = await connectControl(scene.dataDir);
    expect(client).toMatchObject({ pid: process.pid, role: 'daemon' });
    client?.close();
    expect((await scene.call('status', {})).version).toBe('1.2.3');
  });

  test('of a second app only ends that one', () => {
    const scene = new AppScene({ lock: 'taken' });
    expect(scene.app.prepare()).toBe('second');
    expect(scene.desktop.app).toMatchObject({ ended: 0, events: undefined });
    expect(existsSync(join(scene.dataDir, 'lock'))).toBe(false);
  });

  test('with --hidden shows no window until it is wanted', async () => {
    const scene = new AppScene({ argv: ['--hidden'] });
    await scene.start();
    expect(scene.desktop.windows).toEqual([]);
    scene.desktop.app.events?.onActivate();
    await scene.shown();
  });

  test('by the login of macOS shows none either', async () => {
    const scene = new AppScene({ platform: 'macos' });
    scene.desktop.login.wasOpenedAtLogin = true;
    await scene.start();
    expect(scene.desktop.windows).toEqual([]);
  });

  test('makes companions with all calls, and closes them before the engine', async () => {
    const order: string[] = [];
    const close = vi.spyOn(PortholeHost.prototype, 'close');
    const scene = new AppScene({
      app: {
        companions: [
          async (parts): Promise<Companion> => {
            parts.setTray('shown');
            await parts.api.call('status', {}, quietTalk());
            return {
              close: () => {
                order.push(close.mock.calls.length === 0 ? 'companion first' : 'too late');
              },
            };
          },
        ],
      },
    });
    await scene.start();
    scene.app.quit();
    await scene.ended();
    expect(order).toEqual(['companion first']);
  });
});

describe('a start that cannot go on', () => {
  test('says what is wrong with the data folder, and tries again', async () => {
    const scene = new AppScene({ files: { 'settings.json': '{"version":1}' } });
    chmodSync(scene.dataDir, 0o755);
    scene.desktop.answer = () => {
      chmodSync(scene.dataDir, 0o700);
      return 0;
    };
    await scene.start();
    expect(scene.desktop.questions).toMatchObject([
      { message: 'Porthole cannot start.', detail: expect.stringContaining('chmod 700') },
    ]);
    await scene.shown();
  });

  test('is none where only the tray fails', async () => {
    const companions = [() => Promise.reject(new Error('no tray'))];
    const scene = new AppScene({ app: { companions } });
    await scene.start();
    await scene.shown();
    const told: string[] = [];
    await scene.call('logs', { until: 'now' }, { emit: (entry) => told.push(entry.text) });
    expect(told.join()).toContain('no tray');
  });

  test('names the process that has the folder, and quits', async () => {
    const scene = new AppScene();
    const other = await otherHost(scene.dataDir);
    scene.desktop.answer = () => 0;
    await scene.start();
    expect(scene.desktop.questions).toHaveLength(1);
    expect(scene.desktop.questions[0]).toMatchObject({
      message: `Porthole is already running on this computer (process ${process.pid}).`,
      buttons: ['Quit Porthole', 'Try Again'],
      cancel: 0,
    });
    expect(scene.desktop.app.ended).toBe(0);
    expect(scene.desktop.windows).toEqual([]);
    const client = await connectControl(scene.dataDir);
    expect(client).toBeDefined();
    client?.close();
    await other.close();
  });

  test('tries again when the other process has gone', async () => {
    const scene = new AppScene();
    const other = await otherHost(scene.dataDir);
    scene.begin();
    const answers: ((button: number) => void)[] = [];
    scene.desktop.dialogs.ask = () => new Promise((resolve) => answers.push(resolve));
    await until(() => answers.length === 1);
    await other.close();
    answers[0]?.(1);
    await scene.running;
    await scene.shown();
    expect(answers).toHaveLength(1);
  });

  test('says that the key is locked, and goes on when it is unlocked', async () => {
    const keyring = new KeyringDouble();
    const first = new AppScene({ keyring });
    await first.start();
    const sealed = readFileSync(join(first.dataDir, 'identity.bin'), 'utf8');
    const { device } = await first.call('status', {});
    await first.remove();

    const scene = new AppScene({ keyring, files: { 'identity.bin': sealed } });
    keyring.state = 'locked';
    scene.desktop.answer = () => {
      keyring.state = 'open';
      return 0;
    };
    await scene.start();
    expect(scene.desktop.questions).toHaveLength(1);
    expect(scene.desktop.questions[0]).toMatchObject({
      message: 'Porthole cannot unlock its key.',
      buttons: ['Try Again', 'Start Over…', 'Quit Porthole'],
    });
    expect((await scene.call('status', {})).device).toBe(device);
  });

  test('starts over only after a second question, and keeps the old key', async () => {
    const scene = new AppScene({ files: { 'identity.bin': 'not mine' } });
    const answers = [1, 0, 1, 1];
    scene.desktop.answer = () => answers.shift();
    await scene.start();
    expect(scene.desktop.questions.map(({ message }) => message)).toEqual([
      'Porthole cannot unlock its key.',
      'Start over with a new key?',
      'Porthole cannot unlock its key.',
      'Start over with a new key?',
    ]);
    const aside = readdirSync(scene.dataDir).filter((name) => name.includes('broken'));
    expect(aside).toHaveLength(1);
    expect(readFileSync(join(scene.dataDir, aside[0] ?? ''), 'utf8')).toBe('not mine');
  });

  test('tells what could not be read, and runs', async () => {
    const scene = new AppScene({ files: { 'settings.json': '{', 'preferences.json': 'nonsense' } });
    scene.desktop.answer = () => 0;
    await scene.start();
    const [question] = scene.desktop.questions;
    expect(question?.detail).toContain('set aside as settings.broken.json');
    expect(question?.detail).toContain('set aside as preferences.broken.json');
    await scene.shown();
  });
});

describe('a second start', () => {
  test('shows the window of the first, in front', async () => {
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    scene.desktop.app.events?.onSecondInstance(['/opt/porthole', '--gpu-launcher=sh']);
    expect(scene.desktop.window.shows).toBe(2);
    expect(scene.desktop.windows).toHaveLength(1);
  });

  test('hands its link over, and nothing else', async () => {
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    const argv = ['/opt/porthole', '--inspect', '--', 'porthole://pair#AbC-_9'];
    scene.desktop.app.events?.onSecondInstance(argv);
    expect(await nextWish(scene)).toEqual({ kind: 'add-device', code: 'porthole://pair#AbC-_9' });
  });

  test('before the app runs counts when it does', async () => {
    const scene = new AppScene({ argv: ['--hidden'] });
    scene.app.prepare();
    scene.desktop.app.events?.onOpenUrl('porthole://pair#AbC');
    scene.desktop.app.becomeReady();
    await scene.app.run();
    await scene.shown();
    expect(await nextWish(scene)).toEqual({ kind: 'add-device', code: 'porthole://pair#AbC' });
  });
});

describe('closing the window', () => {
  test('hides it, and says so once', async () => {
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    for (let round = 0; round < 2; round += 1) {
      scene.desktop.window.events.onCloseWish();
      expect(scene.desktop.window.state).toBe('hidden');
      scene.desktop.app.events?.onActivate();
    }
    expect(scene.desktop.notified).toHaveLength(1);
    expect(scene.desktop.notified[0]?.title).toBe('Porthole keeps running');
    expect(scene.desktop.app.ended).toBeUndefined();
  });

  test('says it in a dialog where no notification is shown', async () => {
    const scene = new AppScene({ languages: ['zh-TW'] });
    scene.desktop.notifications = 'failed';
    scene.desktop.answer = () => 0;
    await scene.start();
    await scene.shown();
    scene.desktop.window.events.onCloseWish();
    await until(() => scene.desktop.questions.length === 1);
    expect(scene.desktop.questions[0]).toMatchObject({
      message: 'Porthole 仍在執行',
      detail: '你的桌面沒有系統匣。Porthole 會繼續執行；請從應用程式選單再次開啟它。',
    });
  });

  test('quits where a person wants that', async () => {
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    await scene.call('changePreferences', { keepRunning: false });
    scene.desktop.window.events.onCloseWish();
    await scene.ended();
    expect(scene.desktop.notified).toEqual([]);
  });

  test('is remembered: where it was, and how large', async () => {
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    scene.desktop.window.place = { x: 300, y: 40, width: 1000, height: 700 };
    scene.desktop.window.maximized = true;
    scene.desktop.window.events.onCloseWish();
    scene.desktop.window.destroy();
    scene.desktop.app.events?.onActivate();
    await scene.shown();
    expect(scene.desktop.windows).toHaveLength(2);
    expect(scene.desktop.window.options).toMatchObject({ x: 300, y: 40, width: 1000, height: 700 });
    expect(scene.desktop.window.maximized).toBe(true);
  });
});

describe('quitting', () => {
  test('closes all there is and ends, without a question while nothing is open', async () => {
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    scene.desktop.app.quit();
    await scene.ended();
    expect(scene.desktop.questions).toEqual([]);
    expect(scene.desktop.app.ended).toBe(0);
    expect(scene.desktop.window.state).toBe('destroyed');
    expect(scene.desktop.channels).toEqual([]);
    expect(scene.released).toBe(1);
    expect(existsSync(join(scene.dataDir, 'lock'))).toBe(false);
    expect(await connectControl(scene.dataDir)).toBeUndefined();
  });

  test('asks while connections are open, over the window', async () => {
    vi.spyOn(Engine.prototype, 'connections', 'get').mockReturnValue(3);
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    scene.desktop.answer = () => 1;
    scene.desktop.app.quit();
    await until(() => scene.desktop.questions.length === 1);
    expect(scene.desktop.questions[0]).toMatchObject({
      message: 'Quit Porthole? 3 connections will close.',
      buttons: ['Quit', 'Keep Running'],
      cancel: 1,
    });
    expect((await scene.call('status', {})).connections).toBe(3);
    scene.desktop.answer = () => 0;
    scene.desktop.app.quit();
    await scene.ended();
    expect(scene.desktop.questions).toHaveLength(2);
  });

  test('asks no one when the computer is switched off', async () => {
    vi.spyOn(Engine.prototype, 'connections', 'get').mockReturnValue(3);
    const scene = new AppScene();
    await scene.start();
    scene.desktop.powerEvents?.onShutdown();
    await scene.ended();
    expect(scene.desktop.questions).toEqual([]);
  });

  test('twice is quitting once', async () => {
    const close = vi.spyOn(PortholeHost.prototype, 'close');
    const scene = new AppScene();
    await scene.start();
    scene.desktop.app.quit();
    scene.desktop.app.quit();
    scene.app.quitNow();
    await scene.ended();
    expect(close).toHaveBeenCalledOnce();
    expect(scene.desktop.app.asked.filter((asked) => asked === 'exit')).toHaveLength(1);
  });

  test('and starting again, when the page asks for it', async () => {
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    scene.call('relaunch', {}).catch(() => undefined);
    await scene.ended();
    expect(scene.desktop.app.asked.slice(-2)).toEqual(['relaunch', 'exit']);
  });

  test('is over at the deadline, whatever does not close', async () => {
    const clock = new VirtualClock();
    const ends: string[] = [];
    const quitter = new Quitter({
      clock,
      connections: () => Promise.resolve(0),
      ask: () => Promise.resolve('quit'),
      close: () => new Promise(() => {}),
      exit: (how) => ends.push(how),
      onFault: () => undefined,
    });
    void quitter.wish();
    await until(() => clock.pendingTimers === 1);
    clock.advance(QUIT_DEADLINE_MS - 1);
    expect(ends).toEqual([]);
    clock.advance(1);
    expect(ends).toEqual(['cut']);
  });

  test('closes everything once, however often somebody wants it', async () => {
    const closed: (() => void)[] = [];
    const ends: string[] = [];
    const quitter = new Quitter({
      clock: new VirtualClock(),
      connections: () => Promise.resolve(0),
      ask: () => Promise.resolve('quit'),
      close: () => new Promise((resolve) => closed.push(resolve)),
      exit: (how) => ends.push(how),
      onFault: () => undefined,
    });
    const wishes = [quitter.now(), quitter.wish(), quitter.now()];
    expect(closed).toHaveLength(1);
    closed[0]?.();
    await Promise.all(wishes);
    expect(ends).toEqual(['clean']);
  });

  test('goes on when something does not close', async () => {
    const faults: unknown[] = [];
    const ends: string[] = [];
    const quitter = new Quitter({
      clock: new VirtualClock(),
      connections: () => Promise.reject(new Error('no answer')),
      ask: () => Promise.resolve('stay'),
      close: () => Promise.reject(new Error('stuck')),
      exit: (how) => ends.push(how),
      onFault: (thrown) => faults.push(thrown),
    });
    await quitter.wish();
    expect(ends).toEqual(['clean']);
    expect(faults.map(String)).toEqual(['Error: no answer', 'Error: stuck']);
  });
});

test('a logout is not held up, once it is known to be one', async () => {
  const scene = new AppScene();
  await scene.start();
  scene.desktop.powerEvents?.onShutdown();
  expect(scene.desktop.app.events?.onQuitWish()).toBe('now');
  await scene.ended();
});

describe('the system', () => {
  test('that wakes up makes the engine look at everything, once for a burst', async () => {
    const resumed = vi.spyOn(Engine.prototype, 'onResume');
    const scene = new AppScene();
    await scene.start();
    scene.desktop.powerEvents?.onSuspend();
    expect(resumed).not.toHaveBeenCalled();
    scene.desktop.powerEvents?.onResume();
    expect(resumed).toHaveBeenCalledOnce();
    scene.desktop.powerEvents?.onResume();
    scene.desktop.powerEvents?.onUnlocked();
    expect(resumed).toHaveBeenCalledOnce();
  });

  test('that was unlocked does, too', async () => {
    const resumed = vi.spyOn(Engine.prototype, 'onResume');
    const scene = new AppScene();
    await scene.start();
    scene.desktop.powerEvents?.onUnlocked();
    expect(resumed).toHaveBeenCalledOnce();
  });
});

describe('a page that crashes', () => {
  test('is loaded again, and not for ever', async () => {
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    scene.desktop.answer = () => 0;
    const { window } = scene.desktop;
    for (let crash = 0; crash < 3; crash += 1) window.events.onPageGone('crashed');
    expect(window.reloads).toBe(3);
    window.events.onPageGone('oom');
    expect(window.state).toBe('destroyed');
    await until(() => scene.desktop.windows.length === 2);
    expect(scene.desktop.questions[0]?.message).toBe('The window of Porthole has stopped working.');
  });

  test('is in the log, and so is what nobody caught', async () => {
    const scene = new AppScene();
    scene.app.logFault(new Error('before there was a log'));
    await scene.start();
    await scene.shown();
    scene.desktop.window.events.onPageGone('killed');
    const told: string[] = [];
    await scene.call('logs', { until: 'now' }, { emit: (entry) => told.push(entry.text) });
    expect(told.some((text) => text.includes('before there was a log'))).toBe(true);
    expect(told.some((text) => text.includes('the page has gone (killed)'))).toBe(true);
  });
});
