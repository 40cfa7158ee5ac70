/**
 * A process that holds one end of thousands of idle connections: `serve` sends back each byte it
 * gets; `hold` opens connections, each of which carries a byte, and on a line of its standard input
 * has each carry another. Its argument says which, as JSON; ends with its standard input.
 */
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { dial, listen, tame } from '../../test/support/tcp.ts';

/** Connections that are opened at once. */
const AT_ONCE = 100;

export type CrowdRole =
  | { readonly role: 'serve' }
  | {
      readonly role: 'hold';
      readonly port: number;
      readonly count: number;
      /** Longest wait for the bytes of all. */
      readonly ms: number;
    };

const tell = (event: string, fields: object): void => {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
};

/** Whether a byte comes back before the connection is over, or `signal` is. */
async function echoes(socket: Socket, signal: AbortSignal): Promise<boolean> {
  if (socket.destroyed || signal.aborted) return false;
  return new Promise((resolve) => {
    const done = (came: boolean): void => {
      socket.off('data', onData).off('close', onClose);
      signal.removeEventListener('abort', onClose);
      resolve(came);
    };
    const onData = (): void => done(true);
    const onClose = (): void => done(false);
    socket.on('data', onData).on('close', onClose);
    signal.addEventListener('abort', onClose);
    socket.resume().write('?');
  });
}

async function open(port: number, count: number, signal: AbortSignal): Promise<readonly Socket[]> {
  const opened: Socket[] = [];
  while (opened.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - opened.length) }, () => dial(port));
    await Promise.all(some.map(async (socket) => echoes(socket, signal)));
    opened.push(...some);
  }
  return opened;
}

async function echoing(sockets: readonly Socket[], signal: AbortSignal): Promise<number> {
  const came = await Promise.all(sockets.map(async (socket) => echoes(socket, signal)));
  return came.filter(Boolean).length;
}

async function hold({ port, count, ms }: CrowdRole & { readonly role: 'hold' }): Promise<void> {
  const sockets = await open(port, count, AbortSignal.timeout(ms));
  const living = sockets.filter(({ destroyed }) => !destroyed).length;
  tell('held', { living });
  createInterface({ input: process.stdin })
    .on('line', () => {
      const startedAt = performance.now();
      void echoing(sockets, AbortSignal.timeout(ms)).then((echoed) =>
        tell('echoed', { echoed, ms: performance.now() - startedAt }),
      );
    })
    .on('close', () => process.exit());
}

const role = JSON.parse(process.argv[2] ?? '') as CrowdRole;
if (role.role === 'serve') {
  const server = createServer((socket) => {
    tame(socket).pipe(socket);
  });
  tell('listening', { port: await listen(server) });
  process.stdin.resume().on('end', () => process.exit());
} else {
  await hold(role);
}
