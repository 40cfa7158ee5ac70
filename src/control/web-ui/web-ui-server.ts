/**
 * The door of the web UI: HTTP that gives out the files of the page, and a WebSocket for its calls.
 *
 * Invariant: it listens on 127.0.0.1 only. Connections, headers, time and pages are bounded. Whoever the
 * guard turns away gets a bare HTTP status and a closed socket, and no handler hears of it. After
 * `close()` no connection, timer or call is left.
 */
import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { CallHandlers } from '../../shared/calls/api.ts';
import type { Clock } from '../../shared/clock.ts';
import type { CallName } from '../../shared/contract.ts';
import type { PortholeError } from '../../shared/errors.ts';
import {
  CONTROL_LINE_BYTES_MAX,
  WEB_UI_CONNECTIONS_MAX,
  WEB_UI_FRAGMENTS_MAX,
  WEB_UI_GREETINGS_MAX,
  WEB_UI_HEADER_BYTES_MAX,
  WEB_UI_PAGES_MAX,
  WEB_UI_REQUEST_MS,
  WEB_UI_STALLED_MS,
} from '../../shared/limits.ts';
import { judgeCalls, judgeFile } from './guard.ts';
import type { Door } from './guard.ts';
import { PageConnection } from './page-connection.ts';
import type { PageFiles } from './page-files.ts';
import { headersOf } from './response-headers.ts';
import { TokenJudge } from './token-judge.ts';
import { welcomePage, welcomePathOf } from './welcome.ts';

export interface WebUiServerOptions {
  readonly files: PageFiles;
  /** What a page must show, base64url. */
  readonly token: string;
  readonly handlers: CallHandlers<CallName>;
  readonly clock: Clock;
  /** Told of every failure inside a handler (`E_INTERNAL`, with its cause), for the log. */
  readonly onFault: (error: PortholeError) => void;
}

const HOST = '127.0.0.1';

/** See the module header. */
export class WebUiServer {
  readonly port: number;
  readonly #options: WebUiServerOptions;
  readonly #http: Server;
  readonly #files: PageFiles;
  readonly #door: Door;
  readonly #judge: TokenJudge;
  readonly #sockets = new Set<Socket>();
  readonly #pages = new Set<PageConnection>();
  readonly #upgrader = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: CONTROL_LINE_BYTES_MAX,
    maxFragments: WEB_UI_FRAGMENTS_MAX,
  });

  private constructor(http: Server, port: number, options: WebUiServerOptions) {
    const { files, token, clock } = options;
    this.port = port;
    this.#http = http;
    this.#options = options;
    this.#door = { port, welcomePath: welcomePathOf(token) };
    this.#files = new Map([...files, [this.#door.welcomePath, welcomePage()]]);
    this.#judge = new TokenJudge(token, clock);
    // Running out of descriptors later must not end the process; it ends that connection.
    http.on('error', () => {});
    http.on('connection', (socket) => this.#onSocket(socket));
    http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    // Each `checkContinue` and `checkExpectation` is a request too; unheard Node would ask for its body.
    for (const kind of ['request', 'checkContinue', 'checkExpectation']) {
      http.on(kind, (request, response) => this.#onRequest(request, response));
    }
  }

  /** Rejects with what the system says when the port cannot be had; 0 for any. */
  static async listen(wishedPort: number, options: WebUiServerOptions): Promise<WebUiServer> {
    const http = createServer({
      maxHeaderSize: WEB_UI_HEADER_BYTES_MAX,
      headersTimeout: WEB_UI_REQUEST_MS,
      requestTimeout: WEB_UI_REQUEST_MS,
      connectionsCheckingInterval: 1000,
      // The guard says it, as of every other.
      requireHostHeader: false,
    });
    http.maxConnections = WEB_UI_CONNECTIONS_MAX;
    http.timeout = WEB_UI_STALLED_MS;
    return new WebUiServer(http, await listenAt(http, wishedPort), options);
  }

  /** Cuts all pages, and resolves when everything is closed. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    for (const page of this.#pages) page.cut();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #onSocket(socket: Socket): void {
    socket.on('error', () => {});
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const verdict = judgeFile(request, this.#door);
    if (verdict.kind === 'refused') return refuse(response, verdict.status);
    const file = this.#files.get(verdict.path);
    if (file === undefined) return refuse(response, 404);
    response.writeHead(200, headersOf(file));
    response.end(file.bytes);
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const verdict = judgeCalls(request, this.#door);
    if (verdict.kind === 'refused') return refuseUpgrade(socket, verdict.status);
    if (this.#greetings >= WEB_UI_GREETINGS_MAX) return refuseUpgrade(socket, 503);
    this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => this.#onPage(webSocket));
  }

  get #trusted(): number {
    return [...this.#pages].filter(({ isTrusted }) => isTrusted).length;
  }

  /** Pages that have not shown the token yet, or have been told to go. */
  get #greetings(): number {
    return this.#pages.size - this.#trusted;
  }

  #onPage(webSocket: WebSocket): void {
    const { handlers, clock, onFault } = this.#options;
    const page = new PageConnection(webSocket, {
      judge: this.#judge,
      handlers,
      clock,
      onFault,
      hasRoom: () => this.#trusted < WEB_UI_PAGES_MAX,
      onClose: () => this.#pages.delete(page),
    });
    this.#pages.add(page);
  }
}

/** The port it has. */
async function listenAt(http: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen({ port, host: HOST, exclusive: true }, () => {
      http.off('error', reject);
      resolve();
    });
  });
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}

/** With `Connection: close` Node hangs up behind the answer, whatever is still to come. */
function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close', 'content-length': 0 });
  response.end();
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}
