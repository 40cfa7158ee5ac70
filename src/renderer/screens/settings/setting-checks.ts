/**
 * What can be told of a setting before the engine is asked, so that a person hears it beside the
 * field. Pure; the engine checks all of it again.
 */
import { parseStunUrl, parseTurnUrl } from '../../../shared/ice-url.ts';
import {
  DEVICE_NAME_BYTES_MAX,
  HOLD_MAX_MS,
  SETTINGS_SERVERS_MAX,
  SETTINGS_TEXT_CHARS_MAX,
} from '../../../shared/limits.ts';
import { parsePort } from '../../../shared/target.ts';

/** Keys of the messages of the Settings screen. */
export type Complaint =
  | 'nameEmpty'
  | 'nameLong'
  | 'holdInvalid'
  | 'portInvalid'
  | 'rendezvousInvalid'
  | 'stunInvalid'
  | 'turnServerInvalid'
  | 'turnUserEmpty'
  | 'turnPasswordEmpty'
  | 'already'
  | 'tooMany';

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly complaint: Complaint };

const RENDEZVOUS = /^wss?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?\/?$/i;
const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i;

export function checkName(text: string): Checked<string> {
  const name = text.trim();
  if (name === '') return no('nameEmpty');
  const bytes = new TextEncoder().encode(name).length;
  return bytes > DEVICE_NAME_BYTES_MAX ? no('nameLong') : yes(name);
}

/** Whole seconds. */
export function checkHold(text: string): Checked<number> {
  const seconds = Number(text);
  const isGood = /^\d{1,4}$/.test(text.trim()) && seconds <= HOLD_MAX_MS / 1000;
  return isGood ? yes(seconds) : no('holdInvalid');
}

/** Empty for any free port. */
export function checkPort(text: string): Checked<number | null> {
  if (text.trim() === '') return yes(null);
  const port = parsePort(text.trim());
  return port === undefined ? no('portInvalid') : yes(port);
}

export function checkRendezvous(text: string, among: readonly string[]): Checked<string> {
  const url = text.trim();
  if (!RENDEZVOUS.test(url) || isTooLong(url)) return no('rendezvousInvalid');
  return added(url, among);
}

export function checkStun(text: string, among: readonly string[]): Checked<string> {
  const given = text.trim();
  const url = /^stun:/i.test(given) ? given : `stun:${given}`;
  try {
    parseStunUrl(url);
  } catch {
    return no('stunInvalid');
  }
  return isTooLong(url) ? no('stunInvalid') : added(url, among);
}

export interface TurnFields {
  /** `HOST` or `HOST:PORT`, with or without `turn:`. */
  readonly server: string;
  readonly user: string;
  readonly password: string;
}

/** The address with user and password in it: a secret. */
export function checkTurn(fields: TurnFields, among: readonly string[]): Checked<string> {
  const server = fields.server.trim().replace(/^turn:/i, '');
  if (!HOST_AND_PORT.test(server)) return no('turnServerInvalid');
  if (fields.user === '') return no('turnUserEmpty');
  if (fields.password === '') return no('turnPasswordEmpty');
  const user = encodeURIComponent(fields.user);
  const url = `turn:${user}:${encodeURIComponent(fields.password)}@${server}`;
  if (parseTurnUrl(url) === undefined || isTooLong(url)) return no('turnServerInvalid');
  const isThere = among.includes(`turn:${user}@${server}`);
  return isThere ? no('already') : added(url, among);
}

function added(url: string, among: readonly string[]): Checked<string> {
  if (among.includes(url)) return no('already');
  return among.length >= SETTINGS_SERVERS_MAX ? no('tooMany') : yes(url);
}

function isTooLong(url: string): boolean {
  return url.length > SETTINGS_TEXT_CHARS_MAX;
}

function yes<T>(value: T): Checked<T> {
  return { ok: true, value };
}

function no(complaint: Complaint): { readonly ok: false; readonly complaint: Complaint } {
  return { ok: false, complaint };
}
