/**
 * Networks of the kernel's own making (Linux, root): namespaces, cables between them, and firewalls
 * that let UDP in only after it was let out.
 *
 * Invariant: a namespace lives as long as the process that holds it, and that one ends with this
 * one's end of its pipe; cable and firewall go with the namespaces.
 */
import { Child } from './processes.ts';
import { needs, runProgram } from './programs.ts';

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

  async run(...command: readonly string[]): Promise<string> {
    return this.#run(command, '');
  }

  /** Forwards what others send through it. */
  async route(): Promise<void> {
    await this.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  }

  /** From now on hides what is behind it from what is on `cable`, as home routers do. */
  async translate(cable: string): Promise<void> {
    await this.route();
    await this.#run(['nft', '-f', '-'], translation(cable));
  }

  /** From now on UDP of others gets in only on a flow that somebody here began. */
  async guard(): Promise<void> {
    await this.#run(['nft', '-f', '-'], FIREWALL);
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
function translation(cable: string): string {
  return `table ip nat {
  chain out {
    type nat hook postrouting priority 100
    oif ${cable} masquerade
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

/** Two computers at home, each behind a router with NAT, and the internet between. */
export interface TwoHomes {
  readonly homes: readonly [Network, Network];
  readonly internet: Network;
  /** An address in the internet, of TEST-NET-3 (RFC 5737), that both homes reach. */
  readonly address: string;
}

/** Makes two homes out of five networks. */
export async function connectHomes(networks: readonly Network[]): Promise<TwoHomes> {
  const [internet, first, firstRouter, second, secondRouter] = networks;
  if (!internet || !first || !firstRouter || !second || !secondRouter) throw new Error('five');
  await internet.route();
  for (const [index, home, router] of [
    [1, first, firstRouter],
    [2, second, secondRouter],
  ] as const) {
    const subnet = (host: number): string => `203.0.113.${64 * index + host}`;
    const uplink = `up${index}`;
    await layCable(uplink, [internet, `${subnet(1)}/26`], [router, `${subnet(2)}/26`]);
    await layCable('lan', [router, `10.${index}.0.1/24`], [home, `10.${index}.0.2/24`]);
    await router.run('ip', 'route', 'add', 'default', 'via', subnet(1));
    await router.translate(uplink);
    await home.run('ip', 'route', 'add', 'default', 'via', `10.${index}.0.1`);
  }
  return { homes: [first, second], internet, address: '203.0.113.65' };
}

/** Whether networks with firewalls can be made; then `note` is empty, else why not, said loudly. */
export async function canGuardNetworks(): Promise<{
  readonly can: boolean;
  readonly note: string;
}> {
  const { missing, note } = needs('unshare', 'nsenter', 'ip', 'nft');
  if (missing) return { can: false, note };
  const { code } = await runProgram('unshare', ['-n', 'nft', '-f', '-'], { input: FIREWALL });
  if (code === 0) return { can: true, note: '' };
  console.warn('\n*** NOT TESTED: making networks and firewalls needs root on Linux ***\n');
  return { can: false, note: ' (SKIPPED: no root, or no right to make networks and firewalls)' };
}
