/**
 * A web app that somebody is working on, in a process of its own, as a dev server is: a page, a
 * WebSocket that echoes, and a download of a steady rate.
 *
 * Invariant: `stop()` ends the process and its connections; `start()` brings it back to its port.
 */
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Child } from '../../support/processes.ts';
import { dial, readToEnd, within } from '../../support/tcp.ts';

const CHILD = fileURLToPath(new URL('web-app-child.ts', import.meta.url));

export class WebApp {
  readonly port: number;
  #child: Child;

  readonly #host: string;

  private constructor(child: Child, host: string, port: number) {
    this.#child = child;
    this.#host = host;
    this.port = port;
  }

  /** At any port, when it is 0. */
  static async start(host = '127.0.0.1', port = 0): Promise<WebApp> {
    const child = spawnAt(host, port);
    return new WebApp(child, host, await portOf(child));
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }

  async startAgain(): Promise<void> {
    this.#child = spawnAt(this.#host, this.port);
    await portOf(this.#child);
  }
}

function spawnAt(host: string, port: number): Child {
  const args = ['--import', 'tsx', CHILD, host, String(port)];
  return Child.start({ name: 'web app', command: process.execPath, args });
}

async function portOf(child: Child): Promise<number> {
  return Number((await child.event('listening'))['port']);
}

/** Whether a connection to the port reaches an app. */
export async function answers(port: number): Promise<boolean> {
  const socket = dial(port);
  socket.write('GET / HTTP/1.0\r\n\r\n');
  let bytes = 0;
  await readToEnd(socket, (chunk) => {
    bytes += chunk.length;
  });
  socket.destroy();
  return bytes > 0;
}

/** A download that goes on, with what has come of it. */
export class Download {
  bytes = 0;
  /** Resolves when it is over, however. */
  readonly over: Promise<void>;
  readonly #response: IncomingMessage;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
    });
    response.on('error', () => undefined);
    this.over = new Promise((resolve) => response.once('close', resolve));
  }

  /** Of so many bytes a second, from the app at that port. */
  static async begin(port: number, rate: number): Promise<Download> {
    const request = get({ host: '127.0.0.1', port, path: `/steady?rate=${rate}`, agent: false });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.once('error', reject);
    });
    const response = await within('a download beginning', answer);
    request.on('error', () => undefined);
    return new Download(response);
  }

  end(): void {
    this.#response.destroy();
  }
}
