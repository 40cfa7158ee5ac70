/**
 * The applications at both ends of a tunnel. As a server: what a connection's first byte asks for
 * (`D` send without end, `U` take without end, `E` echo). As a client: many connections at once,
 * or one that measures.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

type Request =
  | { readonly kind: 'serve'; readonly host: string }
  | {
      readonly kind: 'bulk';
      readonly way: 'D' | 'U';
      readonly port: number;
      readonly count: number;
    }
  | { readonly kind: 'count' }
  | { readonly kind: 'end' }
  | {
      readonly kind: 'echo';
      readonly port: number;
      readonly times: number;
      readonly everyMs: number;
    }
  | { readonly kind: 'connects'; readonly port: number; readonly times: number }
  | { readonly kind: 'idle'; readonly port: number; readonly count: number };

const block = Buffer.alloc(65_536, 1);
const sockets = new Set<Socket>();
let received = 0;

function pour(socket: Socket): void {
  const fill = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', fill);
  fill();
}

function take(socket: Socket): void {
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
}

function serve(host: string): Promise<number> {
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.once('data', (first: Buffer) => {
      const wish = String.fromCharCode(first[0] as number);
      if (wish === 'D') pour(socket);
      else if (wish === 'U') take(socket);
      else {
        if (first.length > 1) socket.write(first.subarray(1));
        socket.on('data', (chunk: Buffer) => socket.write(chunk));
      }
    });
  });
  return new Promise((resolve) => {
    server.listen({ port: 0, host, backlog: 4096 }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.once('error', reject).once('connect', () => {
      socket.off('error', reject).on('error', () => {});
      resolve(socket);
    });
  });
}

async function bulk(way: 'D' | 'U', port: number, count: number): Promise<void> {
  const opened = await Promise.all(Array.from({ length: count }, () => open(port)));
  for (const socket of opened) {
    socket.write(way);
    if (way === 'D') take(socket);
    else pour(socket);
  }
}

function nextData(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('data', () => resolve());
  });
}

/** Round trips of one byte, one at a time, `everyMs` apart. */
async function echo(request: { port: number; times: number; everyMs: number }): Promise<number[]> {
  const socket = await open(request.port);
  const samples: number[] = [];
  socket.write('E');
  for (let time = 0; time <= request.times; time += 1) {
    const startedAt = performance.now();
    const answered = nextData(socket);
    socket.write('x');
    await answered;
    // The first opened the way.
    if (time > 0) samples.push(performance.now() - startedAt);
    if (request.everyMs > 0) await new Promise((resolve) => setTimeout(resolve, request.everyMs));
  }
  socket.destroy();
  return samples;
}

/** From connect() to the first echoed byte, new connections one after the other. */
async function connects(port: number, times: number): Promise<number[]> {
  const samples: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const startedAt = performance.now();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const answered = nextData(socket);
    socket.write('Ex');
    await answered;
    samples.push(performance.now() - startedAt);
    socket.destroy();
  }
  return samples;
}

async function idle(port: number, count: number): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const batch = Array.from({ length: Math.min(100, count - done) }, async () => {
      const socket = await open(port);
      socket.write('Ex');
      await nextData(socket);
    });
    await Promise.all(batch);
  }
}

async function answerTo(request: Request): Promise<unknown> {
  switch (request.kind) {
    case 'serve':
      return serve(request.host);
    case 'bulk':
      await bulk(request.way, request.port, request.count);
      return 'running';
    case 'count':
      return received;
    case 'end':
      for (const socket of sockets) socket.destroy();
      return 'ended';
    case 'echo':
      return echo(request);
    case 'connects':
      return connects(request.port, request.times);
    case 'idle':
      await idle(request.port, request.count);
      return 'idle';
  }
}

process.on('message', (request: Request) => {
  void answerTo(request).then((answer) => process.send?.(answer));
});
