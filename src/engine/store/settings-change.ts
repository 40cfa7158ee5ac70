/**
 * Settings as a page shows and changes them. Pure.
 *
 * Invariant: a password never leaves; what does not hold what it must is not saved.
 */
import type { SettingsChange, SettingsView } from '../../shared/contract.ts';
import { portholeError } from '../../shared/errors.ts';
import { parseStunUrl, parseTurnUrl } from '../../shared/ice-url.ts';
import { DEVICE_NAME_BYTES_MAX, HOLD_DEFAULT_MS, HOLD_MAX_MS } from '../../shared/limits.ts';
import { cutName } from '../pairing/device-name.ts';
import { Secret } from '../pairing/secret.ts';
import { parseRendezvousUrl } from '../signaling/rendezvous-url.ts';
import type { Settings } from './settings-store.ts';

/** The part of a view that is stored. `hostName`: the name where none was chosen. */
export function shownSettings(
  settings: Settings,
  hostName: string,
): Omit<SettingsView, 'deviceId' | 'keyStorage' | 'folder' | 'restart'> {
  return {
    deviceName: settings.deviceName ?? hostName,
    holdSeconds: settings.holdSeconds ?? HOLD_DEFAULT_MS / 1000,
    rendezvous: [...settings.rendezvous],
    stun: [...settings.stun],
    turn: (settings.turn ?? []).map(shownTurn),
    discovery: settings.discovery ?? true,
    signalingPort: settings.signalingPort ?? null,
  };
}

/** `before` with the change. Throws E_USAGE with a sentence for what cannot be. */
export function changedSettings(before: Settings, change: SettingsChange): Settings {
  const { deviceName, holdSeconds, rendezvous, stun, turn, discovery, signalingPort } = change;
  const { signalingPort: portBefore, ...rest } = before;
  const port = signalingPort === undefined ? portBefore : (signalingPort ?? undefined);
  return {
    ...rest,
    ...(deviceName === undefined ? {} : { deviceName: checkedName(deviceName) }),
    ...(holdSeconds === undefined ? {} : { holdSeconds: checkedHold(holdSeconds) }),
    ...(rendezvous === undefined ? {} : { rendezvous: rendezvous.map(checkedRendezvous) }),
    ...(stun === undefined ? {} : { stun: stun.map(checkedStun) }),
    ...(turn === undefined ? {} : { turn: turn.map((text) => checkedTurn(text, before)) }),
    ...(discovery === undefined ? {} : { discovery }),
    ...(port === undefined ? {} : { signalingPort: port }),
  };
}

/** Whether a process that runs with `running` would run otherwise with `stored`. */
export function needsRestart(running: Settings, stored: Settings): boolean {
  return fixedAtStart(running) !== fixedAtStart(stored);
}

/** All but the name, which peers are told at once. */
function fixedAtStart(settings: Settings): string {
  const { deviceName: _name, ...shown } = shownSettings(settings, '');
  const turn = (settings.turn ?? []).map(textOf);
  return JSON.stringify({ ...shown, turn });
}

function checkedName(text: string): string {
  const name = cutName(text, DEVICE_NAME_BYTES_MAX);
  if (name !== '') return name;
  throw portholeError('E_USAGE', { problem: 'A device needs a name that shows.' });
}

function checkedHold(seconds: number): number {
  const largest = HOLD_MAX_MS / 1000;
  if (seconds >= 0 && seconds <= largest) return seconds;
  const problem = `Open connections can be held for 0 to ${largest} seconds.`;
  throw portholeError('E_USAGE', { problem });
}

function checkedRendezvous(text: string): string {
  parseRendezvousUrl(text.trim());
  return text.trim();
}

function checkedStun(text: string): string {
  parseStunUrl(text.trim());
  return text.trim();
}

/** A new server with its password, or one that is stored, as it is shown. */
function checkedTurn(text: string, before: Settings): Secret {
  const wanted = text.trim();
  const stored = (before.turn ?? []).find((secret) => shownTurn(secret) === wanted);
  if (stored !== undefined) return stored;
  const { username, password } = parseTurnUrl(wanted) ?? {};
  if (username !== undefined && password !== undefined) return new Secret(Buffer.from(wanted));
  const problem =
    'This is no TURN server. Write turn:USER:PASSWORD@HOST:PORT, with %3A for ":" and %40 for "@" in user and password.';
  throw portholeError('E_USAGE', { problem });
}

/** Everything but the password. */
function shownTurn(secret: Secret): string {
  return textOf(secret).replace(/^(turn:[^\s:@]+):[^\s@]+@/i, '$1@');
}

function textOf(secret: Secret): string {
  return Buffer.from(secret.reveal()).toString('utf8');
}
