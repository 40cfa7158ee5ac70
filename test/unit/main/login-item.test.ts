/** Starting at login: real files on Linux, the system's list elsewhere. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  AutostartFile,
  autostartPlaces,
  autostartText,
} from '../../../src/main/login/autostart-file.ts';
import { loginItemOf } from '../../../src/main/login/login-item.ts';
import { AppScene, closeScenes } from '../../support/app-scene.ts';
import { DesktopDouble } from '../../support/desktop-double.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-login-'));
});

afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeScenes();
});

describe('on Linux', () => {
  test('there is a file while it is on, and none when it is off', () => {
    const places = {
      folder: join(folder, 'config', 'autostart'),
      program: '/opt/Porthole/porthole',
    };
    const item = new AutostartFile(places);
    const path = join(places.folder, 'porthole.desktop');
    item.set('off', 'hidden');
    expect([item.isOn(), existsSync(places.folder)]).toEqual([false, false]);
    item.set('on', 'hidden');
    expect(item.isOn()).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(
      [
        '[Desktop Entry]',
        'Type=Application',
        'Version=1.5',
        'Name=Porthole',
        'Icon=porthole',
        'Exec="/opt/Porthole/porthole" --hidden',
        'TryExec=/opt/Porthole/porthole',
        'Terminal=false',
        'StartupNotify=false',
        'X-GNOME-Autostart-enabled=true',
        '',
      ].join('\n'),
    );
    item.set('on', 'shown');
    expect(readFileSync(path, 'utf8')).toContain('Exec="/opt/Porthole/porthole"\n');
    item.set('off', 'shown');
    expect(existsSync(path)).toBe(false);
  });

  test.each(['Hidden=true', 'X-GNOME-Autostart-enabled=false'])('%s means off', (line) => {
    writeFileSync(join(folder, 'porthole.desktop'), `[Desktop Entry]\n${line}\n`);
    expect(new AutostartFile({ folder, program: '/bin/true' }).isOn()).toBe(false);
  });

  test('an AppImage is started, not what it was unpacked to', () => {
    const env = { HOME: '/home/ada', APPIMAGE: '/home/ada/Porthole.AppImage' };
    expect(autostartPlaces(env, '/tmp/.mount_x/porthole')).toEqual({
      folder: '/home/ada/.config/autostart',
      program: '/home/ada/Porthole.AppImage',
    });
  });

  test.each([
    [{ XDG_CONFIG_HOME: '/cfg', HOME: '/home/ada' }, '/cfg/autostart'],
    [{ XDG_CONFIG_HOME: 'cfg', HOME: '/home/ada' }, '/home/ada/.config/autostart'],
    [{ XDG_CONFIG_HOME: '', HOME: '/home/ada' }, '/home/ada/.config/autostart'],
  ])('with %j the file is in %s', (env, expected) => {
    expect(autostartPlaces(env, '/opt/porthole')?.folder).toBe(expected);
  });

  test.each(['FLATPAK_ID', 'SNAP'])('a sandbox (%s) has none', (name) => {
    expect(autostartPlaces({ HOME: '/h', [name]: 'x' }, '/opt/porthole')).toBeUndefined();
  });

  test.each([
    'plain',
    'with blank',
    'with"quote',
    'with$dollar',
    'with`tick`',
    String.raw`with\backslash`,
    'with%percent %u',
    "it's;rm -rf &",
    '計算機',
  ])('a program at %j is the one that is started', (name) => {
    const home = join(folder, name);
    mkdirSync(home, { recursive: true });
    const program = join(home, 'porthole');
    const told = join(folder, 'told');
    writeFileSync(program, `#!/bin/sh\nprintf '%s|' "$@" > '${told}'\n`);
    chmodSync(program, 0o755);
    const exec = /^Exec=(.*)$/m.exec(autostartText(program, 'hidden'))?.[1] ?? '';
    const [first, ...rest] = argumentsOf(exec);
    execFileSync(first ?? '', rest);
    expect(readFileSync(told, 'utf8')).toBe('--hidden|');
  });
});

/** As a desktop reads Exec: the value's escapes first, then the quotes of its arguments. */
function argumentsOf(value: string): string[] {
  const text = value.replaceAll(
    /\\(.)/g,
    (_all, char: string) => ({ n: '\n', t: '\t', r: '\r', s: ' ' })[char] ?? char,
  );
  const found = text.matchAll(/"((?:\\.|[^"\\])*)"|([^\s"]+)/g);
  return [...found].map(([, quoted, plain]) =>
    (quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '').replaceAll(/%(.)/g, (_all, code: string) =>
      code === '%' ? '%' : '',
    ),
  );
}

describe('on Windows and macOS', () => {
  test('the system is told, with the same arguments when it is asked', () => {
    const desktop = new DesktopDouble({ platform: 'windows' });
    const item = loginItemOf(desktop, undefined);
    expect([item.state(), item.isOn()]).toEqual(['available', false]);
    item.set('on', 'hidden');
    expect(desktop.login.registered).toEqual(['--hidden']);
    expect(item.isOn()).toBe(true);
    item.set('on', 'shown');
    expect([desktop.login.registered, item.isOn()]).toEqual([[], true]);
    item.set('off', 'shown');
    expect([desktop.login.registered, item.isOn()]).toEqual([undefined, false]);
  });

  test('macOS may want the person\u2019s approval', () => {
    const desktop = new DesktopDouble({ platform: 'macos' });
    const item = loginItemOf(desktop, undefined);
    expect(item.state()).toBe('available');
    desktop.login.status = 'requires-approval';
    expect([item.state(), item.isOn()]).toEqual(['needs-approval', true]);
  });

  test('a checkout does not put itself there', () => {
    const item = loginItemOf(new DesktopDouble({ build: 'development' }), undefined);
    expect(item.state()).toBe('unavailable');
  });
});

function file(scene: AppScene): string {
  return join(scene.folder, 'autostart', 'porthole.desktop');
}

describe('the app', () => {
  test('switches it on and off for the page', async () => {
    const scene = new AppScene();
    await scene.start();
    await scene.shown();
    await scene.call('changePreferences', { startAtLogin: true });
    expect(readFileSync(file(scene), 'utf8')).toContain('--hidden');
    await scene.call('changePreferences', { startHidden: false });
    expect(readFileSync(file(scene), 'utf8')).not.toContain('--hidden');
    await scene.call('changePreferences', { startAtLogin: false });
    expect(existsSync(file(scene))).toBe(false);
  });

  test('believes the system, where a person changed it there', async () => {
    const preferences = JSON.stringify({ startAtLogin: true });
    const scene = new AppScene({ files: { 'preferences.json': preferences } });
    await scene.start();
    expect(JSON.parse(readFileSync(join(scene.dataDir, 'preferences.json'), 'utf8'))).toMatchObject(
      {
        startAtLogin: false,
      },
    );
    expect(existsSync(file(scene))).toBe(false);
  });

  test('says that a checkout cannot', async () => {
    const scene = new AppScene({ build: 'development' });
    await scene.start();
    await scene.shown();
    await expect(scene.call('changePreferences', { startAtLogin: true })).rejects.toMatchObject({
      code: 'E_NOT_HERE',
    });
  });
});
