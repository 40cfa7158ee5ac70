/**
 * Who may talk to the web UI: judged from the head of a request, before anything of its body is read
 * (threats 8 and 9).
 *
 * Invariant: pure. `Host` is one of three names with this very port, so that no name of a stranger
 * leads here (DNS rebinding). What a page of another origin makes a browser send is refused, though it be
 * of another port of the same host (`same-site`). Cookies and other credentials are not looked at.
 */
import type { IncomingMessage } from 'node:http';
import { isSameSecret } from '../wire.ts';

/** What is judged of a request. */
export type Asked = Pick<IncomingMessage, 'method' | 'url' | 'headersDistinct'>;

export interface Door {
  /** Of the web UI. */
  readonly port: number;
  /** A secret path that pages of elsewhere may lead to; see welcome.ts. */
  readonly welcomePath: string;
}

export type Verdict =
  | { readonly kind: 'admitted'; readonly path: string }
  | { readonly kind: 'refused'; readonly status: number };

/** The path of the WebSocket. */
const CALLS_PATH = '/calls';

/** The status to refuse with; `undefined` when there is nothing to object to. */
type Check = (asked: Asked, door: Door) => number | undefined;

const FILE_CHECKS: readonly Check[] = [
  checkHost,
  checkFileOrigin,
  checkFileSite,
  checkMethod,
  checkForm,
];
const CALLS_CHECKS: readonly Check[] = [
  checkHost,
  checkCallsOrigin,
  checkCallsSite,
  checkMethod,
  checkForm,
  checkHandshake,
];

/** Judges a request for a file. */
export function judgeFile(asked: Asked, door: Door): Verdict {
  return verdictOf(FILE_CHECKS, asked, door);
}

/** Judges an upgrade, whatever to. */
export function judgeCalls(asked: Asked, door: Door): Verdict {
  return verdictOf(CALLS_CHECKS, asked, door);
}

function verdictOf(checks: readonly Check[], asked: Asked, door: Door): Verdict {
  for (const check of checks) {
    const status = check(asked, door);
    if (status !== undefined) return { kind: 'refused', status };
  }
  return { kind: 'admitted', path: asked.url ?? '' };
}

// ── Checks ──────────────────────────────────────────────────────────────────────────────────────

function checkHost(asked: Asked, { port }: Door): number | undefined {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  const hosts = valuesOf(asked, 'host');
  return hosts.length === 1 && own.includes(hosts[0] ?? '') ? undefined : 403;
}

/** Browsers name it only for some of their requests. */
function checkFileOrigin(asked: Asked): number | undefined {
  return valuesOf(asked, 'origin').length === 0 ? undefined : checkCallsOrigin(asked);
}

/** Any page may open a WebSocket anywhere; only the browser says which one it is. */
function checkCallsOrigin(asked: Asked): number | undefined {
  const origins = valuesOf(asked, 'origin');
  const own = `http://${valuesOf(asked, 'host')[0]}`;
  return origins.length === 1 && origins[0] === own ? undefined : 403;
}

/** `none`: a person typed the address, or followed it from a terminal. Old browsers do not say. */
function checkFileSite(asked: Asked, { welcomePath }: Door): number | undefined {
  if (isSameSecret(asked.url ?? '', welcomePath)) return checkNavigation(asked);
  return isOneOf(asked, 'sec-fetch-site', ['same-origin', 'none']) ? undefined : 403;
}

/** Not from a frame, nor by a script that wants to read it. */
function checkNavigation(asked: Asked): number | undefined {
  const isNavigation =
    isOneOf(asked, 'sec-fetch-mode', ['navigate']) &&
    isOneOf(asked, 'sec-fetch-dest', ['document']) &&
    isOneOf(asked, 'sec-fetch-site', ['cross-site', 'same-origin', 'none']);
  return isNavigation ? undefined : 403;
}

/** Chromium does not say it of a WebSocket, Firefox does. */
function checkCallsSite(asked: Asked): number | undefined {
  return isOneOf(asked, 'sec-fetch-site', ['same-origin']) ? undefined : 403;
}

function checkMethod({ method }: Asked): number | undefined {
  return method === 'GET' ? undefined : 405;
}

/** A path alone, and nothing that a browser does not send when it loads a page. */
function checkForm(asked: Asked): number | undefined {
  if (asked.url?.startsWith('/') !== true) return 400;
  if (valuesOf(asked, 'expect').length > 0) return 417;
  const unexpected = ['content-length', 'transfer-encoding', 'range', 'trailer'];
  return unexpected.some((name) => valuesOf(asked, name).length > 0) ? 400 : undefined;
}

/** RFC 6455 §4.2.1; what does not fit is refused here, so that nobody else answers it. */
function checkHandshake(asked: Asked): number | undefined {
  if (asked.url !== CALLS_PATH) return 404;
  const [upgrade] = valuesOf(asked, 'upgrade');
  const [version] = valuesOf(asked, 'sec-websocket-version');
  const [key = ''] = valuesOf(asked, 'sec-websocket-key');
  if (upgrade?.toLowerCase() !== 'websocket' || version !== '13') return 400;
  if (valuesOf(asked, 'sec-websocket-protocol').length > 0) return 400;
  return /^[+/0-9A-Za-z]{22}==$/.test(key) ? undefined : 400;
}

/** Whether the header, if it is there, is there once and has one of these values. */
function isOneOf(asked: Asked, name: string, values: readonly string[]): boolean {
  const given = valuesOf(asked, name);
  return given.length === 0 || (given.length === 1 && values.includes(given[0] ?? ''));
}

function valuesOf({ headersDistinct }: Asked, name: string): readonly string[] {
  return headersDistinct[name] ?? [];
}
