/**
 * Asks STUN and TURN servers once whether they are there, all at the same time.
 *
 * Invariant: `onDone` comes once, within STUN_ROUND_MS, unless it is closed before; then nothing
 * comes any more. After either no socket and no timer is left.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import {
  STUN_REQUEST_MS,
  STUN_REQUESTS_MAX,
  STUN_RETRANSMIT_MS,
  STUN_ROUND_MS,
} from '../../shared/limits.ts';
import type { IceServer } from './ice-server.ts';
import {
  encodeStunRequest,
  isUsefulAnswer,
  stunTransaction,
  TRANSACTION_BYTES,
  type StunMethod,
} from './stun-message.ts';

/** A server that answered. */
export interface LiveServer {
  readonly server: IceServer;
  /** The address of it that answered. */
  readonly address: string;
  readonly family: 4 | 6;
  /** From the first request to the answer, ms. */
  readonly roundTripMs: number;
}

export interface ServerAddress {
  readonly address: string;
  readonly family: number;
}

/** Resolves a name, as dns.lookup(3) does. */
export type ResolveName = (host: string) => Promise<readonly ServerAddress[]>;

export interface StunRoundOptions {
  readonly servers: readonly IceServer[];
  readonly clock: Clock;
  /** @default the system's resolver */
  readonly resolveName?: ResolveName | undefined;
  readonly onAnswer: (live: LiveServer) => void;
  readonly onDone: () => void;
}

interface Request {
  readonly server: IceServer;
  readonly address: string;
  readonly family: 4 | 6;
  readonly method: StunMethod;
  readonly bytes: Uint8Array;
  readonly sentAt: number;
}

/** Asks from the constructor on; see the module header. */
export class StunRound {
  readonly #options: StunRoundOptions;
  readonly #requests = new Map<string, Request>();
  readonly #sockets = new Map<4 | 6, Socket>();
  readonly #timers = new Set<CancelTimer>();
  /** Servers whose name is being resolved, and requests without an answer. */
  #open: number;
  #state: 'asking' | 'over' = 'asking';

  constructor(options: StunRoundOptions) {
    this.#options = options;
    this.#open = options.servers.length;
    this.#after(STUN_ROUND_MS, () => this.#finish());
    for (const server of options.servers) void this.#ask(server);
  }

  /** Gives up; nothing is told any more. */
  close(): void {
    this.#state = 'over';
    for (const cancel of this.#timers) cancel();
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    this.#requests.clear();
  }

  async #ask(server: IceServer): Promise<void> {
    const addresses = await this.#addressesOf(server.host);
    if (this.#state === 'over') return;
    for (const { address, family } of oneOfEach(addresses)) this.#request(server, address, family);
    this.#settleOne();
  }

  async #addressesOf(host: string): Promise<readonly ServerAddress[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    try {
      return await (this.#options.resolveName ?? systemResolver)(host);
    } catch {
      return [];
    }
  }

  #request(server: IceServer, address: string, family: 4 | 6): void {
    const transaction = randomBytes(TRANSACTION_BYTES);
    const method = server.kind === 'stun' ? 'binding' : 'allocate';
    const bytes = encodeStunRequest(method, transaction);
    const sentAt = this.#options.clock.now();
    const request: Request = { server, address, family, method, bytes, sentAt };
    const key = transaction.toString('hex');
    this.#requests.set(key, request);
    this.#open += 1;
    this.#send(key, 1);
    this.#after(STUN_REQUEST_MS, () => {
      if (this.#requests.delete(key)) this.#settleOne();
    });
  }

  #send(key: string, count: number): void {
    const request = this.#requests.get(key);
    if (request === undefined) return;
    if (count < STUN_REQUESTS_MAX) {
      this.#after(count * STUN_RETRANSMIT_MS, () => this.#send(key, count + 1));
    }
    const { bytes, server, address, family } = request;
    // A family without a network fails here; the request then has no answer.
    this.#socketOf(family).send(bytes, server.port, address, () => {});
  }

  #socketOf(family: 4 | 6): Socket {
    const known = this.#sockets.get(family);
    if (known !== undefined) return known;
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    socket.on('error', () => {});
    socket.on('message', (message) => this.#receive(message));
    this.#sockets.set(family, socket);
    return socket;
  }

  #receive(message: Uint8Array): void {
    const key = stunTransaction(message) ?? '';
    const request = this.#requests.get(key);
    if (request === undefined || !isUsefulAnswer(message, request.method)) return;
    this.#requests.delete(key);
    const { server, address, family, sentAt } = request;
    const roundTripMs = this.#options.clock.now() - sentAt;
    this.#options.onAnswer({ server, address, family, roundTripMs });
    this.#settleOne();
  }

  #settleOne(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#finish();
  }

  #finish(): void {
    if (this.#state === 'over') return;
    this.close();
    this.#options.onDone();
  }

  #after(delayMs: number, act: () => void): void {
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      act();
    });
    this.#timers.add(cancel);
  }
}

function oneOfEach(
  addresses: readonly ServerAddress[],
): { readonly address: string; readonly family: 4 | 6 }[] {
  return ([4, 6] as const).flatMap((family) => {
    const found = addresses.find((known) => known.family === family);
    return found === undefined ? [] : [{ address: found.address, family }];
  });
}

async function systemResolver(host: string): Promise<readonly ServerAddress[]> {
  return await lookup(host, { all: true });
}
