/**
 * A web UI for tests: a small page, handlers that record who called them, and raw requests to its door.
 *
 * Invariant: `closeWebUis()` leaves no server, connection or folder behind.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { WebUi } from '../../src/control/web-ui/web-ui.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import type { CallHandlers } from '../../src/shared/calls/api.ts';
import type { Clock } from '../../src/shared/clock.ts';
import { CONTRACT } from '../../src/shared/contract.ts';
import type { CallName } from '../../src/shared/contract.ts';
import { STATUS } from './control-handlers.ts';
import { dial, readToEnd, within } from './tcp.ts';

const closers: (() => Promise<void> | void)[] = [];

/** To be called after each test. */
export async function closeWebUis(): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close();
}

export function closeLater(close: () => Promise<void> | void): void {
  closers.push(close);
}

/** What nobody but our own page may see. */
export const CANARY = 'only-our-own-page-may-see-this';

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>loading</title>
<link rel="icon" href="/icon.svg">
<script type="module" crossorigin src="/assets/index-abcdefgh.js"></script></head><body>${CANARY}</body></html>`;

/** Shows in the title what it hears; `window.ask` calls. */
const SCRIPT = `
window.canary = '${CANARY}';
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? sessionStorage.getItem('token');
sessionStorage.setItem('token', token);
history.replaceState(null, '', '/');
const socket = new WebSocket('ws://' + location.host + '/calls');
socket.onopen = () => socket.send(JSON.stringify({ token }));
socket.onclose = ({ code }) => { document.title = 'closed ' + code; };
socket.onmessage = ({ data }) => { document.title = data; };
window.ask = (call) => socket.send(JSON.stringify({ id: 1, call, params: {} }));
`;

/** A folder as the build of the page makes one, with things beside it that are none of its files. */
export function makePageFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-page-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), PAGE);
  writeFileSync(join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="9"/>');
  writeFileSync(join(folder, 'assets', 'index-abcdefgh.js'), SCRIPT);
  writeFileSync(join(folder, 'assets', 'index-abcdefgh.js.map'), CANARY);
  return folder;
}

export interface TestUi {
  readonly ui: WebUi;
  readonly dataDir: string;
  readonly port: number;
  readonly token: string;
  /** Calls that reached a handler. */
  readonly calls: CallName[];
}

export interface TestUiOptions {
  readonly clock?: Clock;
  readonly handlers?: Partial<CallHandlers<CallName>>;
}

export async function startWebUi(options: TestUiOptions = {}): Promise<TestUi> {
  const dataDir = mkdtempSync(join(tmpdir(), 'porthole-ui-'));
  closers.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const calls: CallName[] = [];
  const ui = await WebUi.open({
    dataDir,
    folder: makePageFolder(),
    port: null,
    handlers: recordingHandlers(calls, options.handlers ?? {}),
    clock: options.clock ?? systemClock,
    onFault: () => undefined,
  });
  if (ui === undefined) throw new Error('the page is there');
  closers.push(() => ui.close());
  return { ui, dataDir, port: ui.port, token: tokenOf(ui.url), calls };
}

export function tokenOf(url: string): string {
  return new URLSearchParams(new URL(url).hash.slice(1)).get('token') ?? '';
}

type AnyHandler = (params: unknown, talk: unknown) => Promise<unknown>;

/** Each notes its call, and answers with the state where no other is given. */
function recordingHandlers(
  calls: CallName[],
  given: Partial<CallHandlers<CallName>>,
): CallHandlers<CallName> {
  const names = Object.keys(CONTRACT) as CallName[];
  const entries = names.map((name) => {
    const handler = (given[name] ?? (async () => STATUS)) as AnyHandler;
    const recording: AnyHandler = (params, talk) => {
      calls.push(name);
      return handler(params, talk);
    };
    return [name, recording];
  });
  return Object.fromEntries(entries) as CallHandlers<CallName>;
}

// ── Raw requests ────────────────────────────────────────────────────────────────────────────────

export interface RawAnswer {
  /** 0: it was hung up on without one. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** A request line and headers, without the ends of their lines. */
export type RawHead = readonly string[];

export function bytesOf(head: RawHead, body = ''): string {
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Sends bytes and reads to the end of the connection, or of the head where it is an upgrade. */
export async function exchange(port: number, bytes: string): Promise<RawAnswer> {
  const socket = dial(port);
  socket.write(bytes);
  let text = '';
  await readToEnd(socket, (chunk) => {
    text += chunk.toString('latin1');
    if (text.startsWith('HTTP/1.1 101 ')) socket.destroy();
  });
  socket.destroy();
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  return { status, head, body: rest.join('\r\n\r\n') };
}

/** The head of a request that a browser sends, changed: null takes a header out. */
export function headOf(
  line: string,
  headers: Readonly<Record<string, string | null>>,
  ...more: readonly string[]
): RawHead {
  const given = Object.entries(headers).filter(([, value]) => value !== null);
  return [line, ...given.map(([name, value]) => `${name}: ${value}`), ...more];
}

/** What a browser says of itself when it asks for a file, as far as it matters. */
export function getHeaders(port: number): Readonly<Record<string, string>> {
  return { Host: `127.0.0.1:${port}`, Connection: 'close' };
}

// ── Pages ───────────────────────────────────────────────────────────────────────────────────────

/** The socket of a page, with what it heard. */
export class TestPage {
  readonly socket: WebSocket;
  readonly heard: string[] = [];
  /** Code of its end. */
  readonly closed: Promise<number>;
  #wake: () => void = () => {};

  private constructor(port: number) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/calls`, {
      origin: `http://127.0.0.1:${port}`,
      perMessageDeflate: false,
    });
    closers.push(() => this.socket.terminate());
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.on('error', () => {});
    this.socket.on('message', (data) => {
      if (Buffer.isBuffer(data)) this.heard.push(data.toString('utf8'));
      this.#wake();
    });
  }

  /** Rejects with the status where it is refused. */
  static async open(port: number): Promise<TestPage> {
    const page = new TestPage(port);
    await within(
      'a page being let in',
      new Promise<void>((resolve, reject) => {
        page.socket.once('open', resolve);
        page.socket.once('unexpected-response', (_request, response) => {
          response.resume();
          reject(new Error(String(response.statusCode)));
        });
      }),
    );
    return page;
  }

  static async trusted({ port, token }: TestUi): Promise<TestPage> {
    const page = await TestPage.open(port);
    page.say({ token });
    await page.hears('{"ready":true}');
    return page;
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  async hears(message: string): Promise<void> {
    const heard = async (): Promise<void> => {
      while (!this.heard.includes(message)) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    };
    await within(`a page hearing ${message}`, heard());
  }
}

/** For raw connections that a test leaves open. */
export function keepOpen(socket: Socket): Socket {
  closers.push(() => {
    socket.destroy();
  });
  return socket;
}
