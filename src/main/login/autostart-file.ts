/**
 * `porthole.desktop` in the autostart folder of a Linux desktop (freedesktop Desktop Application
 * Autostart Specification 0.5; Desktop Entry Specification 1.5 for what it says).
 *
 * Invariant: whatever the path of the program is, exactly that program is started; the file appears
 * whole, and a file that somebody switched off (`Hidden`, or GNOME's own key) counts as off.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { LoginItem } from './login-item.ts';

const NAME = 'porthole.desktop';
const HIDDEN_ARGUMENT = '--hidden';

export interface AutostartPlaces {
  /** Folder of the autostart files. */
  readonly folder: string;
  /** Program to start, absolute. */
  readonly program: string;
}

/** `undefined` where such a file starts nothing: in a sandbox that has programs of its own. */
export function autostartPlaces(
  env: NodeJS.ProcessEnv,
  execPath: string,
): AutostartPlaces | undefined {
  if (env['FLATPAK_ID'] !== undefined || env['SNAP'] !== undefined) return undefined;
  const config = env['XDG_CONFIG_HOME'] ?? '';
  // A relative path there must be ignored (XDG Base Directory Specification 0.8).
  const base = isAbsolute(config) ? config : join(env['HOME'] ?? homedir(), '.config');
  // What an AppImage runs from is gone when it ends; the image itself stays.
  return { folder: join(base, 'autostart'), program: env['APPIMAGE'] ?? execPath };
}

export class AutostartFile implements LoginItem {
  readonly #path: string;
  readonly #places: AutostartPlaces;

  constructor(places: AutostartPlaces) {
    this.#places = places;
    this.#path = join(places.folder, NAME);
  }

  state(): 'available' {
    return 'available';
  }

  isOn(): boolean {
    const text = this.#read();
    if (text === undefined) return false;
    return !/^Hidden=true$/m.test(text) && !/^X-GNOME-Autostart-enabled=false$/m.test(text);
  }

  /** Throws the system's error when the file cannot be changed. */
  set(wish: 'on' | 'off', start: 'shown' | 'hidden'): void {
    if (wish === 'off') return rmSync(this.#path, { force: true });
    const text = autostartText(this.#places.program, start);
    if (this.#read() === text) return;
    mkdirSync(this.#places.folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.#path}.new`;
    writeFileSync(fresh, text, { mode: 0o644 });
    renameSync(fresh, this.#path);
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#path, 'utf8');
    } catch {
      return undefined;
    }
  }
}

export function autostartText(program: string, start: 'shown' | 'hidden'): string {
  const exec = [quotedArgument(program), ...(start === 'hidden' ? [HIDDEN_ARGUMENT] : [])];
  const lines = [
    '[Desktop Entry]',
    'Type=Application',
    'Version=1.5',
    'Name=Porthole',
    'Icon=porthole',
    `Exec=${stringValue(exec.join(' '))}`,
    `TryExec=${stringValue(program)}`,
    'Terminal=false',
    'StartupNotify=false',
    'X-GNOME-Autostart-enabled=true',
  ];
  return `${lines.join('\n')}\n`;
}

/** An argument of Exec, in quotes: `"`, `` ` ``, `$` and `\` behind a backslash, `%` doubled. */
function quotedArgument(text: string): string {
  const escaped = text.replaceAll(/["`$\\]/g, String.raw`\$&`).replaceAll('%', '%%');
  return `"${escaped}"`;
}

/** A value of type string: backslashes and line ends are escaped once more. */
function stringValue(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\t', String.raw`\t`)
    .replaceAll('\r', String.raw`\r`);
}
