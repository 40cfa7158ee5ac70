/**
 * A process at one end of one large transfer: `serve` sends so many bytes to whoever writes a byte
 * first, `fetch` takes them and tells each time another part of them has come. Its argument says
 * which, as JSON; events are lines on its standard output; ends with its standard input.
 */
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { ByteCheck, SeededBytes } from '../seeded-bytes.ts';
import { dial, listen, readBytes, readToEnd, send, tame } from '../tcp.ts';

const CHUNK_BYTES = 65_536;
const WITHOUT_END_MS = 2 ** 31 - 1;

export type TransferRole =
  | { readonly role: 'serve'; readonly bytes: number; readonly seed: number }
  | {
      readonly role: 'fetch';
      readonly bytes: number;
      readonly seed: number;
      readonly port: number;
      /** How many equal parts are told of. */
      readonly parts: number;
    };

const tell = (event: string, fields: object): void => {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
};

async function serve(socket: Socket, { bytes, seed }: TransferRole): Promise<void> {
  tame(socket);
  const asked = await readBytes(socket, 1).catch(() => undefined);
  if (asked === undefined) return void socket.destroy();
  await send(socket, { bytes: new SeededBytes(seed), total: bytes });
  socket.end();
  await readToEnd(socket.resume(), () => undefined, WITHOUT_END_MS);
}

function digestOf({ bytes, seed }: TransferRole): string {
  const hash = createHash('sha256');
  const source = new SeededBytes(seed);
  for (let at = 0; at < bytes; at += CHUNK_BYTES) hash.update(source.slice(at, bytes - at));
  return hash.digest('hex');
}

async function fetchAll(what: TransferRole & { readonly role: 'fetch' }): Promise<void> {
  const { bytes, seed, port, parts } = what;
  const socket = dial(port);
  socket.write('?');
  const [hash, check] = [createHash('sha256'), new ByteCheck(new SeededBytes(seed))];
  let told = 0;
  const take = (chunk: Buffer): void => {
    hash.update(chunk);
    check.add(chunk);
    while (told < parts && check.received * parts >= (told + 1) * bytes) {
      tell('part', { part: ++told });
    }
  };
  const reading = readToEnd(socket, take, WITHOUT_END_MS);
  const ending = await reading.catch((thrown: unknown) => String(thrown));
  socket.destroy();
  tell('over', { ending, received: check.received, sha256: hash.digest('hex') });
}

const role = JSON.parse(process.argv[2] ?? '') as TransferRole;
if (role.role === 'serve') {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    void serve(socket, role);
  });
  tell('listening', { port: await listen(server), sha256: digestOf(role) });
} else {
  void fetchAll(role);
}
process.stdin.resume().on('end', () => process.exit());
