/**
 * Serves the built page with a FakePorthole behind it, as the daemon's web UI does: the same policy,
 * the same WebSocket. By hand: `npm run page -- usual`, behind `npm run build`.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { CallServer } from '../../src/shared/calls/call-server.ts';
import { WEB_CLOSE_REFUSED } from '../../src/shared/page-limits.ts';
import { pagePolicy } from '../../src/shared/page-policy.ts';
import type { FakePorthole } from './fake-porthole.ts';
import { SCENES } from './page-scenes.ts';
import type { SceneName } from './page-scenes.ts';

const FOLDER = fileURLToPath(new URL('../../dist/renderer/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export interface PageServer {
  /** With the token. */
  readonly url: string;
  /** Hangs up on every page, as a daemon that ends does; they connect again. */
  hangUp(): void;
  close(): Promise<void>;
}

export async function servePage(fake: FakePorthole, token = 'secret'): Promise<PageServer> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '/', response);
  });
  const sockets = new WebSocketServer({ server, path: '/calls' });
  sockets.on('connection', (socket) => admit(socket, fake, token));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/#token=${token}`,
    hangUp: () => {
      for (const client of sockets.clients) client.close(1001);
    },
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The first message is the token; then calls. */
function admit(socket: WebSocket, fake: FakePorthole, token: string): void {
  socket.once('message', (first: Buffer) => {
    if (first.toString() !== JSON.stringify({ token })) return socket.close(WEB_CLOSE_REFUSED);
    const calls = new CallServer({
      handlers: fake.handlers,
      send: (message) => socket.send(message),
      sendLast: (message) => {
        socket.send(message);
        socket.close();
      },
      onFault: (error) => console.error(error),
    });
    socket.on('message', (message: Buffer) => calls.onMessage(message.toString()));
    socket.on('close', () => calls.close());
    socket.send('{"ready":true}');
  });
}

async function answer(url: string, response: ServerResponse): Promise<void> {
  const file = await fileOf(url);
  response.writeHead(file === undefined ? 404 : 200, {
    'content-security-policy': pagePolicy(),
    'content-type': file?.type ?? 'text/plain',
  });
  response.end(file?.content);
}

async function fileOf(url: string): Promise<{ content: Buffer; type: string } | undefined> {
  const { pathname } = new URL(url, 'http://localhost');
  const path = normalize(join(FOLDER, pathname === '/' ? 'index.html' : pathname));
  const type = TYPES[extname(path)];
  if (!path.startsWith(FOLDER) || type === undefined) return undefined;
  try {
    return { content: await readFile(path), type };
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const scene = (process.argv[2] ?? 'usual') as SceneName;
  const { url } = await servePage(SCENES[scene]());
  console.log(url);
}
