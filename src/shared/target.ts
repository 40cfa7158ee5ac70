/**
 * What a share leads to: a port on this computer, or a host and a port.
 */
import { portholeError } from './errors.ts';

export interface Target {
  /** `loopback`: 127.0.0.1, then ::1 (dev servers often listen on one of them only). */
  readonly host: 'loopback' | { readonly name: string };
  readonly port: number;
}

const PORT_MAX = 65_535;

/** Whether this is the number of a TCP port, 1 to 65535. */
export function isPort(port: number): boolean {
  return port >= 1 && port <= PORT_MAX;
}

/** Parses a port from 1 to 65535; anything else is `undefined`. */
export function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return isPort(port) ? port : undefined;
}

/** Parses `PORT`, `HOST:PORT` or `[IPv6]:PORT`, the address with or without a zone (RFC 4007). Throws `E_TARGET_INVALID`. */
export function parseTarget(text: string): Target {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:/@[\]]+)):)?(\d+)$/.exec(
    text.trim(),
  );
  const port = parsePort(match?.[3] ?? '');
  if (match === null || port === undefined)
    throw portholeError('E_TARGET_INVALID', { target: text });
  const name = match[1] ?? match[2];
  return { host: name === undefined ? 'loopback' : { name }, port };
}

/** The target as a person writes it. */
export function formatTarget(target: Target): string {
  if (target.host === 'loopback') return `127.0.0.1:${target.port}`;
  const { name } = target.host;
  return name.includes(':') ? `[${name}]:${target.port}` : `${name}:${target.port}`;
}
