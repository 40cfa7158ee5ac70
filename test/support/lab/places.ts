/**
 * Where two computers are: on one cable, or in two homes with the internet between and servers in
 * it. Addresses of the internet are of the networks for documentation (RFC 5737), so that nothing
 * takes them for a home's own.
 *
 * Invariant: `stop()` takes all networks and servers of a place along.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HomeKind, HomeNetwork, Plug, TwoHomes } from '../networks.ts';
import { connectHomes, connectNetworks, Network } from '../networks.ts';
import type { Child } from '../processes.ts';
import { findProgram } from '../programs.ts';
import { BINARY } from './computer.ts';
import type { ComputerSettings } from './computer.ts';

const STUN = fileURLToPath(new URL('../stun-server.ts', import.meta.url));
const RENDEZVOUS_PORT = 7678;
const STUN_PORT = 3478;
const TURN_PORT = 3479;
/** coturn's relayed flows, and nothing else there, have one of these ports. */
const RELAY_PORTS = { first: 50_000, last: 50_999 } as const;

/** Where one computer is. */
export interface Site extends Plug {
  readonly network: Network;
  /** @default the two are on one cable */
  readonly router?: Network;
}

export interface Place {
  readonly desk: Site;
  readonly laptop: Site;
  /** The servers a computer there is told of. */
  readonly settings: ComputerSettings;
  stop(): Promise<void>;
}

/** Builds a place out of so many networks; takes them along when that fails. */
async function onNetworks<T>(
  count: number,
  build: (networks: readonly Network[]) => Promise<T>,
): Promise<T> {
  const networks = await Promise.all(Array.from({ length: count }, async () => Network.start()));
  try {
    await Promise.all(networks.map(async (network) => network.onlyIpv4()));
    return await build(networks);
  } catch (thrown) {
    await Promise.all(networks.map(async (network) => network.stop()));
    throw thrown;
  }
}

/** Two computers on one cable, and nothing else. */
export class Lan implements Place {
  readonly desk: Site;
  readonly laptop: Site;
  readonly settings: ComputerSettings = {};
  readonly #networks: readonly Network[];

  private constructor(networks: readonly Network[]) {
    const [desk, laptop] = networks;
    if (!desk || !laptop) throw new Error('two');
    this.#networks = networks;
    this.desk = { network: desk, device: 'cable' };
    this.laptop = { network: laptop, device: 'cable' };
  }

  static async start(): Promise<Lan> {
    return onNetworks(2, async (networks) => {
      const lan = new Lan(networks);
      await connectNetworks(lan.desk.network, lan.laptop.network);
      return lan;
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#networks.map(async (network) => network.stop()));
  }
}

export interface HomesOptions {
  readonly desk: HomeKind;
  readonly laptop: HomeKind;
  /** Whether there is a TURN server (coturn). @default 'none' */
  readonly turn?: 'coturn' | 'none';
}

/** Two homes; in the internet a rendezvous server, a STUN server, and a TURN server if wanted. */
export class Homes implements Place {
  readonly desk: HomeNetwork;
  readonly laptop: HomeNetwork;
  readonly settings: ComputerSettings;
  readonly #networks: readonly Network[];
  readonly #internet: Network;
  readonly #address: string;
  readonly #servers: Child[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'porthole-turn-'));
  #rendezvous: Child | undefined;

  private constructor(networks: readonly Network[], made: TwoHomes, turn: HomesOptions['turn']) {
    const { address } = made;
    this.#networks = networks;
    [this.desk, this.laptop] = made.plugs;
    this.#internet = made.internet;
    this.#address = address;
    this.settings = {
      rendezvous: [`ws://${address}:${RENDEZVOUS_PORT}`],
      stun: [`stun:${address}:${STUN_PORT}`],
      ...(turn === 'coturn' ? { turn: [`turn:lab:secret@${address}:${TURN_PORT}`] } : {}),
    };
  }

  static async start(options: HomesOptions): Promise<Homes> {
    return onNetworks(5, async (networks) => {
      const made = await connectHomes(networks, [options.desk, options.laptop]);
      await made.internet.load(COUNTERS);
      const homes = new Homes(networks, made, options.turn);
      try {
        await homes.#startServers();
      } catch (thrown) {
        await homes.stop();
        throw thrown;
      }
      return homes;
    });
  }

  async startRendezvous(): Promise<void> {
    const listen = ['rendezvous', '--listen', `0.0.0.0:${RENDEZVOUS_PORT}`, '--json'];
    const line = [process.execPath, BINARY, ...listen];
    this.#rendezvous = this.#internet.child('a rendezvous server', ...line);
    await this.#rendezvous.event('rendezvous');
  }

  async stopRendezvous(): Promise<void> {
    await this.#rendezvous?.stop('SIGKILL');
  }

  /** Bytes of UDP so far that went from home to home, and those that went through the relay. */
  async traffic(): Promise<{ readonly direct: number; readonly relayed: number }> {
    const rules = await this.#internet.run('nft', 'list', 'table', 'ip', 'counting');
    const bytes = (chain: string): number =>
      Number(new RegExp(`chain ${chain} \\{[^}]*packets \\d+ bytes (\\d+)`).exec(rules)?.[1]);
    return { direct: bytes('between'), relayed: bytes('fromrelay') + bytes('torelay') };
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.#servers, this.#rendezvous].map(async (server) => server?.stop('SIGKILL')),
    );
    await Promise.all(this.#networks.map(async (network) => network.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startServers(): Promise<void> {
    const stun = [STUN, this.#address, String(STUN_PORT)];
    const server = this.#internet.script('a STUN server', ...stun);
    this.#servers.push(server);
    await server.event('listening');
    await this.startRendezvous();
    if (this.settings.turn !== undefined) await this.#startTurn();
  }

  async #startTurn(): Promise<void> {
    const address = this.#address;
    const options = [
      ['-n', '--no-cli', '--no-tls', '--no-dtls', '--lt-cred-mech', '--log-file=stdout'],
      [`--listening-ip=${address}`, `--relay-ip=${address}`, `--listening-port=${TURN_PORT}`],
      [`--min-port=${RELAY_PORTS.first}`, `--max-port=${RELAY_PORTS.last}`],
      ['--realm=lab', '--user=lab:secret', `--userdb=${join(this.#folder, 'users')}`],
      [`--pidfile=${join(this.#folder, 'pid')}`],
    ].flat();
    const program = findProgram('turnserver') ?? 'turnserver';
    const turn = this.#internet.child('coturn', program, ...options);
    this.#servers.push(turn);
    await turn.printed(/Relay address to use|Total General servers/);
  }
}

const COUNTERS = `table ip counting {
  chain between {
    type filter hook forward priority 0
    meta l4proto udp counter
  }
  chain fromrelay {
    type filter hook output priority 0
    udp sport ${RELAY_PORTS.first}-${RELAY_PORTS.last} counter
  }
  chain torelay {
    type filter hook input priority 0
    udp dport ${RELAY_PORTS.first}-${RELAY_PORTS.last} counter
  }
}
`;
