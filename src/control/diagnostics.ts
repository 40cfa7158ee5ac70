/**
 * What a person copies into a bug report: versions, states and what happened lately.
 *
 * Invariant: no secret, no name of a device or share, and no address but those of the loopback
 * interface is in it; the same one is the same placeholder throughout.
 */
import { arch, homedir, platform, release } from 'node:os';
import type { LogEntry, SettingsView, StatusView } from '../shared/contract.ts';
import { DIAGNOSTICS_LOG_CHARS_MAX } from '../shared/limits.ts';
import { printable } from '../shared/printable.ts';
import { redact } from './redact.ts';

export interface DiagnosticsInput {
  readonly status: StatusView;
  readonly settings: SettingsView;
  readonly entries: readonly LogEntry[];
  /** Names of devices and shares since this process started. */
  readonly names: ReadonlySet<string>;
}

/** See the module header. */
export function diagnosticsOf({ status, settings, entries, names }: DiagnosticsInput): string {
  const anonymous = new Anonymous(status, names);
  const lines = [
    `Porthole ${status.version} on ${platform()} ${release()} ${arch()}, Node ${process.version}`,
    `sharing ${status.sharing}, network ${status.network}, ${status.connections} connections`,
    `hold ${settings.holdSeconds} s, discovery ${settings.discovery}, stun ${settings.stun.length}, turn ${settings.turn.length}`,
    ...status.rendezvous.map(({ state }, index) => `rendezvous ${index + 1}: ${state}`),
    ...status.peers.map(peerLine),
    ...status.shares.map(({ state, health, connections }, index) => {
      return `share ${index + 1}: ${state}, target ${health}, ${connections} connections`;
    }),
    ...status.forwards.map(({ state, why, connections }, index) => {
      return `forward ${index + 1}: ${state}, ${why}, ${connections} connections`;
    }),
    '',
    ...newest(entries).map(
      ({ at, level, text }) => `${at} ${level.padEnd(5)} ${anonymous.clean(text)}`,
    ),
  ];
  return lines.map((line) => printable(redact(line))).join('\n');
}

/** As many as there is room for. */
function newest(entries: readonly LogEntry[]): readonly LogEntry[] {
  let room = DIAGNOSTICS_LOG_CHARS_MAX;
  const first = entries.findLastIndex(({ text }) => {
    room -= text.length;
    return room < 0;
  });
  return entries.slice(first + 1);
}

function peerLine(peer: StatusView['peers'][number], index: number): string {
  const { state, path, roundTripMs, loss, route, connections, obstacle } = peer;
  const way =
    route === null ? 'no route' : `${route.local} to ${route.remote}, ${route.lanes} lanes`;
  const quality = `${roundTripMs ?? '?'} ms, loss ${loss ?? '?'}`;
  return `device ${index + 1}: ${state}, ${path ?? 'no path'}, ${way}, ${quality}, ${connections} connections, ${obstacle ?? 'no obstacle'}`;
}

const IPV4 = /\b(?!127\.)(?:\d{1,3}\.){3}\d{1,3}\b/g;
// Anything with two colons that is no time of day.
const IPV6 =
  /(?<![\w:])(?=[\da-f:]*:[\da-f:]*:)(?!\d{1,2}:\d{2}(?::\d{2})?(?![\da-f:]))[\da-f:]{3,}(?:%\w+)?/gi;
// With a port behind it; `127.0.0.1:80` and sentences such as `note:80` stay readable.
const HOST = /(?<![\w.-])(?!127\.)(?!localhost\b)(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*(?=:\d)/gi;
const QUOTED = /"[^"]*"/g;
const DEVICE_ID = /\b(?:[A-Z2-7]{5}-){3,}[A-Z2-7]{1,5}(?:-[A-Z2-7])?\b/g;
/** Shorter names are in ordinary words; they are taken out where they stand alone. */
const NAME_CHARS_MIN = 2;

/** Replaces names and addresses by placeholders. */
class Anonymous {
  readonly #names: readonly (readonly [name: RegExp, placeholder: string])[];
  readonly #addresses = new Map<string, string>();

  constructor(
    { deviceName, peers, shares, forwards, rendezvous }: StatusView,
    others: ReadonlySet<string>,
  ) {
    const named: (readonly [string, string])[] = [
      [deviceName, '[this computer]'],
      ...peers.map(({ name }, index) => [name, `[device ${index + 1}]`] as const),
      ...shares.map(({ name }, index) => [name, `[share ${index + 1}]`] as const),
      ...forwards.map(({ name }, index) => [name, `[forward ${index + 1}]`] as const),
      ...rendezvous.map(({ url }, index) => [hostIn(url), `[rendezvous ${index + 1}]`] as const),
      ...[...others].map((name) => [name, '[name]'] as const),
      [homedir(), '~'],
    ];
    // The longer first: one can be part of another. Of two placeholders the first one counts.
    const placeholders = new Map(named.toReversed());
    this.#names = [...placeholders]
      .filter(([name]) => name.length >= NAME_CHARS_MIN)
      .toSorted(([a], [b]) => b.length - a.length)
      .map(([name, placeholder]) => [wholeWord(name), placeholder]);
  }

  clean(text: string): string {
    const unnamed = this.#names.reduce((left, [name, placeholder]) => {
      return left.replaceAll(name, placeholder);
    }, text);
    return unnamed
      .replaceAll(QUOTED, (quoted) => (/^"\[[^\]]*\]"$/.test(quoted) ? quoted : '"[name]"'))
      .replaceAll(HOST, '[host]')
      .replaceAll(DEVICE_ID, '[device id]')
      .replaceAll(IPV4, (address) => this.#address(address))
      .replaceAll(IPV6, (address) => (address === '::1' ? address : this.#address(address)));
  }

  #address(address: string): string {
    const known = this.#addresses.get(address) ?? `[address ${this.#addresses.size + 1}]`;
    this.#addresses.set(address, known);
    return known;
  }
}

function hostIn(url: string): string {
  return url.replace(/^wss?:\/\//i, '').replace(/(?::\d+)?\/?$/, '');
}

/** The name where it is not part of a longer word. */
function wholeWord(name: string): RegExp {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(String.raw`(?<![\p{L}\p{N}])${escaped}(?![\p{L}\p{N}])`, 'giu');
}
