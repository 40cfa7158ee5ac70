/**
 * Two networks that let UDP through and no TCP but that to a rendezvous server: pairing goes through
 * it, and whenever a daemon starts again, the two find each other there. Needs Linux and root.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Command, endCommands, linkOf } from '../support/command.ts';
import { Home, removeHomes } from '../support/home.ts';
import { watchForLeaks } from '../support/leaks.ts';
import { canGuardNetworks, connectNetworks, Network } from '../support/networks.ts';
import { Child } from '../support/processes.ts';
import { needs } from '../support/programs.ts';

const PAGE = 'the page at the desk';
const SERVER = `
  const server = require('node:http').createServer((_request, response) => {
    response.writeHead(200, { connection: 'close' }).end(${JSON.stringify(PAGE)});
  });
  server.listen(0, '127.0.0.1', () =>
    console.log(JSON.stringify({ event: 'listening', port: server.address().port })));
`;
/** Where the rendezvous server is (TEST-NET-2, RFC 5737): beside the desk, as `connectNetworks` has it. */
const RENDEZVOUS_PORT = 4433;
const RENDEZVOUS = `ws://198.51.100.1:${RENDEZVOUS_PORT}`;
const WALL = `table inet wall {
  chain input {
    type filter hook input priority 0
    iif lo accept
    tcp dport ${RENDEZVOUS_PORT} accept
    tcp sport ${RENDEZVOUS_PORT} accept
    meta l4proto tcp counter drop
  }
}`;

const firewalls = await canGuardNetworks();
const noCurl = needs('curl');
const cannot = !firewalls.can || noCurl.missing;
const note = firewalls.note || noCurl.note;

// A dozen processes one after another, beside other tests.
vi.setConfig({ testTimeout: 120_000 });

let expectNothingLeft: () => Promise<void>;
const children: Child[] = [];
const networks: Network[] = [];

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterEach(async () => {
  await endCommands();
  await Promise.all(children.splice(0).map(async (child) => child.stop('SIGKILL')));
  await Promise.all(networks.splice(0).map(async (network) => network.stop()));
  removeHomes();
});
afterAll(async () => expectNothingLeft());

async function startNetwork(): Promise<Network> {
  const network = await Network.start();
  networks.push(network);
  return network;
}

async function startTarget(network: Network): Promise<string> {
  const [command, ...args] = [...network.behind, process.execPath, '-e', SERVER] as const;
  const child = Child.start({ name: 'a web server', command, args });
  children.push(child);
  return String((await child.event('listening'))['port']);
}

async function startRendezvous(network: Network): Promise<Command> {
  const args = ['rendezvous', '--listen', `0.0.0.0:${RENDEZVOUS_PORT}`, '--json'];
  const command = Command.start(args, network);
  await command.event('rendezvous');
  return command;
}

async function startDaemon(home: Home, network: Network): Promise<Command> {
  const daemon = home.script(['up', '--rendezvous', RENDEZVOUS], network);
  await daemon.event('status');
  return daemon;
}

async function pageAt(network: Network, local: unknown): Promise<string> {
  return network.run('curl', '-sS', '--max-time', '20', `http://${String(local)}/`);
}

/** How many packets of TCP a network kept out. */
async function keptOut(network: Network): Promise<number> {
  const rules = await network.run('nft', 'list', 'table', 'inet', 'wall');
  return Number(/counter packets (\d+)/.exec(rules)?.[1]);
}

describe('paired devices that only a rendezvous server brings together', () => {
  test.skipIf(cannot)(
    `come back whichever of them starts again, and whatever the server does${note}`,
    async () => {
      const [one, other] = [await startNetwork(), await startNetwork()];
      await connectNetworks(one, other);
      for (const network of [one, other]) await network.run('nft', WALL);
      const [desk, laptop] = [new Home('desk'), new Home('laptop')];
      const rendezvous = await startRendezvous(one);
      let [atDesk, atLaptop] = await Promise.all([
        startDaemon(desk, one),
        startDaemon(laptop, other),
      ]);
      const share = ['share', await startTarget(one), '--invite', '--trust-invite'];
      const sharing = desk.script(share, one);
      const joined = laptop.script(['join', '--trust-invite'], other);
      joined.writeLine(await linkOf(sharing));
      const { local } = await joined.event('forward');
      expect(await pageAt(other, local)).toBe(PAGE);

      await atLaptop.endBy('SIGTERM');
      await atDesk.eventWith('link', { state: 'closed' });
      atLaptop = await startDaemon(laptop, other);
      await atLaptop.eventWith('link', { state: 'up' });
      expect(await pageAt(other, local)).toBe(PAGE);

      await atDesk.endBy('SIGTERM');
      await atLaptop.eventWith('link', { state: 'closed' });
      atDesk = await startDaemon(desk, one);
      await atDesk.eventWith('link', { state: 'up' });
      await atLaptop.eventWith('link', { state: 'up' }, 2);
      expect(await pageAt(other, local)).toBe(PAGE);
      // They tried each other's addresses too, in vain.
      expect((await keptOut(one)) + (await keptOut(other))).toBeGreaterThan(0);

      await rendezvous.endBy('SIGTERM');
      expect(await pageAt(other, local)).toBe(PAGE);

      // The server comes back, and whoever waits there waits there again.
      await startRendezvous(one);
      await atLaptop.endBy('SIGTERM');
      atLaptop = await startDaemon(laptop, other);
      await atLaptop.eventWith('link', { state: 'up' });
      expect(await pageAt(other, local)).toBe(PAGE);
    },
  );
});
