/**
 * Lets other processes of this user talk to this one: a Unix socket (a pipe on Windows), and the
 * file in the data folder that says where it is.
 *
 * Invariant: whoever listens holds the lock of the data folder, so what another process left at the
 * address is dead. After `close()` no client, socket or file is left.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { systemClock } from '../engine/system-clock.ts';
import type { Clock } from '../shared/clock.ts';
import { portholeError, PortholeError } from '../shared/errors.ts';
import { CONTROL_CLIENTS_MAX, CONTROL_TOKEN_BYTES } from '../shared/limits.ts';
import type { EngineHandlers } from '../shared/calls/api.ts';
import {
  addressesOf,
  makeSocketPrivate,
  ownSurroundings,
  removeStaleSocket,
  requireOwnFolder,
  socketError,
} from './control-address.ts';
import { removeControlFile, writeControlFile } from './control-file.ts';
import type { ControlFile } from './control-file.ts';
import { ServerConnection } from './server-connection.ts';

export interface ControlServerOptions {
  /** The data folder; the caller holds its lock, and nobody else may look into it. */
  readonly dataDir: string;
  readonly handlers: EngineHandlers;
  /** What this process is to commands that find it. */
  readonly role: ControlFile['role'];
  /** Told of every failure inside a handler (`E_INTERNAL`, with its cause), for the log. */
  readonly onFault: (error: PortholeError) => void;
  readonly clock?: Clock;
}

export class ControlServer {
  /** Path of the socket, or name of the pipe. */
  readonly address: string;
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  readonly #token = randomBytes(CONTROL_TOKEN_BYTES).toString('base64url');
  readonly #clients = new Set<ServerConnection>();
  #closing: Promise<void> | undefined;

  private constructor(options: ControlServerOptions, listening: Listening) {
    this.#options = options;
    this.#server = listening.server;
    this.address = listening.address;
    this.#server.on('connection', (socket) => this.#onClient(socket));
    // What fails while it listens is one connection, or nothing that could be mended here.
    this.#server.on('error', () => undefined);
    writeControlFile(options.dataDir, {
      pid: process.pid,
      address: this.address,
      token: this.#token,
      role: options.role,
    });
  }

  /** Throws `E_CONTROL_SOCKET` when there is no place for the socket. */
  static async listen(options: ControlServerOptions): Promise<ControlServer> {
    const listening = await listenFor(options.dataDir);
    try {
      return new ControlServer(options, listening);
    } catch (thrown) {
      listening.server.close();
      throw socketError(options.dataDir, thrown);
    }
  }

  /** Aborts all calls and cuts all clients. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    removeControlFile(this.#options.dataDir, this.#token);
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const client of this.#clients) client.cut();
    await closed;
  }

  #onClient(socket: Socket): void {
    const client: ServerConnection = new ServerConnection(socket, {
      token: this.#token,
      handlers: this.#options.handlers,
      clock: this.#options.clock ?? systemClock,
      onFault: this.#options.onFault,
      onClose: () => this.#clients.delete(client),
    });
    this.#clients.add(client);
    if (this.#clients.size <= CONTROL_CLIENTS_MAX) return;
    client.refuse(portholeError('E_CONTROL', { reason: 'too many commands talk to it at once' }));
  }
}

interface Listening {
  readonly server: Server;
  readonly address: string;
}

/** At the best address that can be had. */
async function listenFor(dataDir: string): Promise<Listening> {
  const surroundings = ownSurroundings();
  const home = realpathSync(dataDir);
  let failure = socketError(dataDir, new Error('its path is too long'));
  for (const address of addressesOf(home, surroundings)) {
    try {
      if (surroundings.platform !== 'win32') prepare(address, home, surroundings.uid);
      return await listenAt(address);
    } catch (thrown) {
      failure = thrown instanceof PortholeError ? thrown : socketError(address, thrown);
    }
  }
  throw failure;
}

function prepare(path: string, home: string, uid: number | undefined): void {
  if (dirname(path) !== home) requireOwnFolder(dirname(path), uid);
  removeStaleSocket(path);
}

async function listenAt(address: string): Promise<Listening> {
  const server = createServer();
  server.listen({ path: address });
  await once(server, 'listening');
  if (process.platform !== 'win32') makeSocketPrivate(address);
  return { server, address };
}
