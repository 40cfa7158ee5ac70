/**
 * Networks of the kernel's own making (Linux, root): namespaces, cables between them, and firewalls
 * that let UDP in only after it was let out.
 *
 * Invariant: a namespace lives as long as the process that holds it, and that one ends with this
 * one's end of its pipe; cable and firewall go with the namespaces.
 */
import { Child } from './processes.ts';
import { needs, runProgram } from './programs.ts';
import type { ProgramRun } from './programs.ts';

/** A network namespace with its loopback interface up. */
export class Network {
  /** What a command stands behind to run in it. */
  readonly behind: readonly [string, ...string[]];
  readonly #holder: Child;

  private constructor(holder: Child) {
    this.#holder = holder;
    this.behind = ['nsenter', `--net=/proc/${holder.pid}/ns/net`, '--'];
  }

  static async start(): Promise<Network> {
    const script = 'ip link set lo up && echo ready && exec cat';
    const args = ['-n', 'sh', '-c', script];
    const holder = Child.start({ name: 'a network', command: 'unshare', args });
    await holder.printed(/^ready$/);
    return new Network(holder);
  }

  get pid(): number {
    return this.#holder.pid;
  }

  /** A process that runs here. */
  child(name: string, ...line: readonly string[]): Child {
    const [command, ...args] = [...this.behind, ...line] as const;
    return Child.start({ name, command, args });
  }

  /** A TypeScript of the tests that runs here. */
  script(name: string, ...line: readonly string[]): Child {
    return this.child(name, process.execPath, '--import', 'tsx', ...line);
  }

  async run(...command: readonly string[]): Promise<string> {
    return this.#run(command, '');
  }

  /** Forwards what others send through it. */
  async route(): Promise<void> {
    await this.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  }

  /** From now on hides what is behind it from what is on `cable`, as home routers do. */
  async translate(cable: string, ports: NatPorts = 'kept'): Promise<void> {
    await this.route();
    await this.load(translation(cable, ports));
  }

  /** From now on no UDP goes through it, either way, as in networks that know only the web. */
  async blockUdp(): Promise<void> {
    await this.load(NO_UDP);
  }

  /** What its NAT and its firewall knew of flows is gone, as after a restart of a router. */
  async forgetFlows(): Promise<void> {
    await this.run('conntrack', '-F');
  }

  /** Has no IPv6: addresses of an interface that was down would come back late, routes not at all. */
  async onlyIpv4(): Promise<void> {
    await this.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
    await this.run('sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1');
  }

  /**
   * What it has no way for vanishes there, as in the internet: a program that sends to an address of
   * somebody's home hears nothing of it (coturn gives a flow up when it does). Nobody reads the TUN
   * interface.
   */
  async swallow(): Promise<void> {
    await this.run('ip', 'tuntap', 'add', 'dev', 'void', 'mode', 'tun');
    await this.run('ip', 'link', 'set', 'void', 'up');
    await this.run('ip', 'route', 'add', 'default', 'dev', 'void');
  }

  /** Takes rules of nftables on. */
  async load(rules: string): Promise<void> {
    await this.#run(['nft', '-f', '-'], rules);
  }

  /** Nothing goes out or comes in there, and programs see that the interface is down. */
  async unplug({ device }: Plug): Promise<void> {
    await this.run('ip', 'link', 'set', device, 'down');
  }

  /** The kernel keeps IPv4 addresses of an interface that is down, but not the way to the gateway. */
  async plugIn({ device, gateway }: Plug): Promise<void> {
    await this.run('ip', 'link', 'set', device, 'up');
    if (gateway !== undefined) await this.run('ip', 'route', 'replace', 'default', 'via', gateway);
  }

  /** Takes away an address with its prefix length, as `198.51.100.2/24`. */
  async removeAddress({ device }: Plug, address: string): Promise<void> {
    await this.run('ip', 'address', 'delete', address, 'dev', device);
  }

  async addAddress({ device, gateway }: Plug, address: string): Promise<void> {
    await this.run('ip', 'address', 'add', address, 'dev', device);
    if (gateway !== undefined) await this.run('ip', 'route', 'replace', 'default', 'via', gateway);
  }

  /** From now on UDP of others gets in only on a flow that somebody here began. */
  async guard(): Promise<void> {
    await this.load(FIREWALL);
  }

  async stop(): Promise<void> {
    this.#holder.endInput();
    await this.#holder.stop('SIGKILL');
  }

  async #run(command: readonly string[], input: string): Promise<string> {
    const [program, ...args] = [...this.behind, ...command];
    const { code, stdout, stderr } = await runProgram(program, args, { input });
    if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    return stdout;
  }
}

/** Where a computer is plugged in, and the router it has there. */
export interface Plug {
  readonly device: string;
  readonly gateway?: string;
}

/**
 * Which outside port a flow gets: `kept`, the inside one wherever it leads (endpoint independent
 * mapping, RFC 4787: easy to go through), or `random`, another for each destination (hard).
 */
type NatPorts = 'kept' | 'random';

const NO_UDP = `table ip noudp {
  chain through {
    type filter hook forward priority -10
    meta l4proto udp drop
  }
}
`;

const FIREWALL = `table inet guard {
  chain input {
    type filter hook input priority 0
    iif lo accept
    meta l4proto udp ct state established accept
    meta l4proto udp drop
  }
}
`;

/** NAT with what RFC 4787 calls address and port dependent filtering: the strict kind. */
function translation(cable: string, ports: NatPorts): string {
  return `table ip nat {
  chain out {
    type nat hook postrouting priority 100
    oif ${cable} masquerade${ports === 'random' ? ' fully-random' : ''}
  }
}
table ip filtering {
  chain through {
    type filter hook forward priority 0
    ct state established,related accept
    iif ${cable} drop
  }
  chain input {
    type filter hook input priority 0
    iif ${cable} ct state new drop
  }
}
`;
}

/** An end of a cable: where, and with which address in which subnet (`/24` and the like). */
type CableEnd = readonly [network: Network, address: string];

/** A cable (veth pair) between two networks, called `name` at both ends. */
async function layCable(name: string, one: CableEnd, other: CableEnd): Promise<void> {
  const ends = ['name', name, 'netns', String(one[0].pid), 'type', 'veth'];
  const far = ['peer', 'name', name, 'netns', String(other[0].pid)];
  await one[0].run('ip', 'link', 'add', ...ends, ...far);
  for (const [network, address] of [one, other]) {
    await network.run('ip', 'address', 'add', address, 'dev', name);
    await network.run('ip', 'link', 'set', name, 'up');
  }
}

/** Two networks on one cable, with addresses of TEST-NET-2 (RFC 5737). */
export async function connectNetworks(one: Network, other: Network): Promise<void> {
  await layCable('cable', [one, '198.51.100.1/24'], [other, '198.51.100.2/24']);
}

/** What a home's router does: no NAT at all, a NAT of one of two kinds, or one without UDP. */
export type HomeKind = 'open' | 'easy' | 'hard' | 'udp-blocked';

/** A computer at home: where it is plugged in, and its router. */
export interface HomeNetwork extends Plug {
  readonly network: Network;
  readonly router: Network;
  readonly gateway: string;
}

/** Two computers at home, each behind a router, and the internet between. */
export interface TwoHomes {
  readonly homes: readonly [Network, Network];
  readonly plugs: readonly [HomeNetwork, HomeNetwork];
  readonly internet: Network;
  /** An address in the internet, of TEST-NET-3 (RFC 5737), that both homes reach. */
  readonly address: string;
}

/** Makes two homes out of five networks. */
export async function connectHomes(
  networks: readonly Network[],
  kinds: readonly [HomeKind, HomeKind] = ['easy', 'easy'],
): Promise<TwoHomes> {
  const [internet, first, firstRouter, second, secondRouter] = networks;
  if (!internet || !first || !firstRouter || !second || !secondRouter) throw new Error('five');
  await internet.route();
  await internet.swallow();
  const plugs = [
    await connectHome(internet, { index: 1, network: first, router: firstRouter, kind: kinds[0] }),
    await connectHome(internet, {
      index: 2,
      network: second,
      router: secondRouter,
      kind: kinds[1],
    }),
  ] as const;
  return { homes: [first, second], plugs, internet, address: '203.0.113.65' };
}

interface HomeOptions {
  readonly index: 1 | 2;
  readonly network: Network;
  readonly router: Network;
  readonly kind: HomeKind;
}

async function connectHome(
  internet: Network,
  { index, network, router, kind }: HomeOptions,
): Promise<HomeNetwork> {
  const outside = (host: number): string => `203.0.113.${64 * index + host}`;
  // Without NAT the home has addresses of the internet: TEST-NET-1.
  const inside = kind === 'open' ? `192.0.2.${64 * index}` : `10.${index}.0.0`;
  const at = (host: number): string => inside.replace(/\d+$/, (last) => `${Number(last) + host}`);
  const uplink = `up${index}`;
  await layCable(uplink, [internet, `${outside(1)}/26`], [router, `${outside(2)}/26`]);
  await layCable('lan', [router, `${at(1)}/26`], [network, `${at(2)}/26`]);
  await router.run('ip', 'route', 'add', 'default', 'via', outside(1));
  await network.run('ip', 'route', 'add', 'default', 'via', at(1));
  if (kind === 'open') {
    await router.route();
    await internet.run('ip', 'route', 'add', `${inside}/26`, 'via', outside(2));
  } else {
    await router.translate(uplink, kind === 'hard' ? 'random' : 'kept');
  }
  if (kind === 'udp-blocked') await router.blockUdp();
  return { network, router, device: 'lan', gateway: at(1) };
}

/** Whether something can be done on this computer; then `note` is empty, else why not, said loudly. */
export interface Ability {
  readonly can: boolean;
  readonly note: string;
}

/** Whether networks can be made. */
export async function canMakeNetworks(): Promise<Ability> {
  const { missing, note } = needs('unshare', 'nsenter', 'ip');
  if (missing) return { can: false, note };
  return abilityTo('make networks', await runProgram('unshare', ['-n', 'true']));
}

/** Whether networks with firewalls can be made. */
export async function canGuardNetworks(): Promise<Ability> {
  const { missing, note } = needs('unshare', 'nsenter', 'ip', 'nft');
  if (missing) return { can: false, note };
  const tried = await runProgram('unshare', ['-n', 'nft', '-f', '-'], { input: FIREWALL });
  return abilityTo('make networks and firewalls', tried);
}

function abilityTo(what: string, { code }: ProgramRun): Ability {
  if (code === 0) return { can: true, note: '' };
  console.warn(`\n*** NOT TESTED: to ${what} needs root on Linux ***\n`);
  return { can: false, note: ` (SKIPPED: no root, or no right to ${what})` };
}
