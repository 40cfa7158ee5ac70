/** The web server of the demo: a page for people, and a file large enough to measure with. */
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The file is this block over and over; the pattern has no period that a lost frame would hide behind. */
const BLOCK_BYTES = 1_048_573;
const FILE_BLOCKS = 256;

/** Size of `/file`, bytes. */
export const DEMO_FILE_BYTES = BLOCK_BYTES * FILE_BLOCKS;

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Porthole demo</title>
<style>body{font:1.1rem/1.5 system-ui;max-width:34rem;margin:15vh auto;padding:0 1rem}</style>
<h1>It works</h1>
<p>This page came from a web server on this computer through a WebRTC DataChannel between two
processes, and out of a local port at the other end.</p>
<p><a href="/file">A large file</a> comes the same way.</p>
</html>
`;

/** The block that `/file` repeats: a multiplicative sequence, the same in every process. */
export function demoBlock(): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  let state = 1;
  for (let index = 0; index < BLOCK_BYTES; index += 1) {
    // Park and Miller's generator.
    state = (state * 48_271) % 2_147_483_647;
    block[index] = state >>> 8;
  }
  return block;
}

export class DemoServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static listen(): Promise<DemoServer> {
    const block = demoBlock();
    const server = createServer((request, response) => {
      if (request.url === '/file') sendFile(response, block);
      else response.setHeader('content-type', 'text/html').end(PAGE);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(new DemoServer(server)));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

function sendFile(response: ServerResponse, block: Uint8Array): void {
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': DEMO_FILE_BYTES,
  });
  let left = FILE_BLOCKS;
  const sendMore = (): void => {
    while (left > 0) {
      left -= 1;
      if (!response.write(block)) return;
    }
    response.end();
  };
  response.on('drain', sendMore);
  sendMore();
}
