/**
 * Multicast DNS on every network of this computer: one socket for each IPv4 address, so that each
 * network hears the addresses of that network only.
 *
 * Invariant: nothing that happens here ends anything else: what cannot be opened or sent is told and
 * tried again at the next `refresh()`; packets from elsewhere than these networks do not count.
 */
import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import mdns from 'multicast-dns';
import { toError } from '../../shared/errors.ts';
import { type Interfaces, isVirtual } from './endpoint.ts';
import type { LanAnswer, LanQuestion, ReceivedPacket } from './lan-records.ts';

export type LanPacket =
  | { readonly kind: 'query'; readonly questions: LanQuestion[] }
  | { readonly kind: 'response'; readonly answers: LanAnswer[] };

export interface LanSocketsOptions {
  /** @default os.networkInterfaces */
  readonly interfaces?: (() => Interfaces) | undefined;
  onQuery(packet: ReceivedPacket): void;
  onResponse(packet: ReceivedPacket): void;
  /** A socket cannot be opened, or no packet can be sent. May come often. */
  onTrouble(error: Error): void;
}

/** One network this computer is in. */
interface Network {
  /** IPv4 address that the socket stands for. */
  readonly own: string;
  /** All that may be told there: no link-local IPv6, which needs a zone. */
  readonly addresses: readonly string[];
}

/** See the module header. */
export class LanSockets {
  readonly #options: LanSocketsOptions;
  readonly #sockets = new Map<mdns.MulticastDNS, Network>();
  #neighbours = new BlockList();

  constructor(options: LanSocketsOptions) {
    this.#options = options;
    this.refresh();
  }

  /** Opens everything anew, on the networks that are there now. */
  refresh(): void {
    this.close();
    const interfaces = this.#look();
    this.#neighbours = neighboursIn(interfaces);
    for (const network of networksIn(interfaces)) this.#open(network);
  }

  /** None where the system does not say. */
  #look(): Interfaces {
    try {
      return (this.#options.interfaces ?? networkInterfaces)();
    } catch (thrown) {
      this.#options.onTrouble(toError(thrown));
      return {};
    }
  }

  close(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
    this.#sockets.clear();
  }

  /** Whether an address is of a network that this computer is in. */
  isNeighbour(address: string): boolean {
    return this.#neighbours.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  }

  /** Sends in every network what `make` makes for it; `addresses` are those of this computer there. */
  send(make: (addresses: readonly string[]) => LanPacket): void {
    for (const [socket, { addresses }] of this.#sockets) {
      const packet = make(addresses);
      const done = (error: Error | null): void => {
        if (error) this.#options.onTrouble(error);
      };
      if (packet.kind === 'query') socket.query({ questions: packet.questions }, done);
      else socket.respond({ answers: packet.answers }, done);
    }
  }

  #open(network: Network): void {
    const socket = mdns({ interface: network.own, bind: '0.0.0.0' });
    this.#sockets.set(socket, network);
    socket.on('error', (error) => this.#failed(socket, error));
    // A packet that is none comes here too, and is no trouble; only what the system refused is. It comes
    // from the middle of the package's own opening, which goes on with the socket behind it.
    socket.on('warning', (error) => {
      if ('syscall' in error) queueMicrotask(() => this.#failed(socket, error));
    });
    socket.on('query', (packet, { address }) => {
      if (this.isNeighbour(address)) this.#options.onQuery(packet);
    });
    socket.on('response', (packet, { address }) => {
      if (this.isNeighbour(address)) this.#options.onResponse(packet);
    });
  }

  #failed(socket: mdns.MulticastDNS, thrown: unknown): void {
    if (!this.#sockets.delete(socket)) return;
    socket.destroy();
    this.#options.onTrouble(toError(thrown));
  }
}

function networksIn(interfaces: Interfaces): Network[] {
  return Object.entries(interfaces).flatMap(([name, infos = []]) => {
    const outward = infos.filter(({ internal }) => !internal && !isVirtual(name));
    const own = outward.find(({ family }) => family === 'IPv4');
    const usable = outward.filter(({ address }) => !/^fe[89ab]/i.test(address));
    return own ? [{ own: own.address, addresses: usable.map(({ address }) => address) }] : [];
  });
}

function neighboursIn(interfaces: Interfaces): BlockList {
  const list = new BlockList();
  for (const { internal, cidr, family } of Object.values(interfaces).flatMap((all) => all ?? [])) {
    const [address, prefix] = cidr?.split('/') ?? [];
    if (internal || address === undefined) continue;
    list.addSubnet(address, Number(prefix), family === 'IPv4' ? 'ipv4' : 'ipv6');
  }
  return list;
}
