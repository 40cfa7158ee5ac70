/**
 * The address of a rendezvous server as a person gives it: `ws://HOST[:PORT]` or `wss://HOST[:PORT]`.
 *
 * Invariant: what is accepted fits into an invite, and nothing is in it but scheme, host and port.
 */
import { isIP } from 'node:net';

import { portholeError } from '../../shared/errors.ts';
import type { Endpoint } from './endpoint.ts';

const SHAPE = /^wss?:\/\/[^\s\\/?#@]+\/?$/i;
const HOST_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Reads it; ports 80 and 443 are the defaults. Throws E_USAGE with a sentence for anything else. */
export function parseRendezvousUrl(text: string): Endpoint {
  const endpoint = SHAPE.test(text) ? read(text) : undefined;
  if (endpoint !== undefined) return endpoint;
  const problem = `"${text}" is no address of a rendezvous server. Give ws://HOST:PORT or wss://HOST:PORT, such as wss://rendezvous.example.org.`;
  throw portholeError('E_USAGE', { problem });
}

function read(text: string): Endpoint | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const scheme = url.protocol === 'wss:' ? 'wss' : 'ws';
  // URL leaves the default port of a scheme out.
  const port = url.port === '' ? { ws: 80, wss: 443 }[scheme] : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isHost = isIP(host) !== 0 || (HOST_NAME.test(host) && !host.includes('..'));
  return isHost && port > 0 ? { scheme, host, port } : undefined;
}
