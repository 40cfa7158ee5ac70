/**
 * Two computers with `porthole up`, the commands that talk to them, and traffic through a forward.
 *
 * Invariant: `endDaemons()` leaves no process, connection or folder behind.
 */
import type { Socket } from 'node:net';
import { expect } from 'vitest';
import type { Command, CommandEvent } from './command.ts';
import { endCommands, linkOf } from './command.ts';
import { Home, removeHomes } from './home.ts';
import type { Told } from './home.ts';
import { connectTo, dial, readBytes, readToEnd } from './tcp.ts';

const clients: Socket[] = [];

/** To be called after each test. */
export async function endDaemons(): Promise<void> {
  await endCommands();
  for (const client of clients.splice(0)) client.destroy();
  removeHomes();
}

/** Takes along a connection that a test opened by itself. */
export function keep(client: Socket): Socket {
  clients.push(client);
  return client;
}

// ── Two computers ───────────────────────────────────────────────────────────────────────────────

export async function startDaemon(home: Home): Promise<Command> {
  const daemon = home.script(['up']);
  await daemon.event('status');
  return daemon;
}

export interface Daemons {
  readonly desk: Home;
  readonly laptop: Home;
  readonly atDesk: Command;
  readonly atLaptop: Command;
}

export async function startDaemons(): Promise<Daemons> {
  const [desk, laptop] = [new Home('desk'), new Home('laptop')];
  const [atDesk, atLaptop] = await Promise.all([startDaemon(desk), startDaemon(laptop)]);
  return { desk, laptop, atDesk, atLaptop };
}

/** Two daemons; the desk shares what echoes at `port`, as "echo", with the laptop. */
export async function startPair(port: number) {
  const daemons = await startDaemons();
  const { desk, laptop } = daemons;
  const args = ['share', String(port), '--name', 'echo', '--invite', '--trust-invite'];
  const sharing = desk.script(args);
  const link = await linkOf(sharing);
  const joined = await laptop.ask(['join', '--trust-invite'], link);
  expect(joined).toMatchObject({ code: 0, signal: null });
  expect(await sharing.end()).toMatchObject({ code: 0, signal: null });
  const [forward] = eventsOf(joined, 'forward');
  return { ...daemons, echoId: String(forward?.['share']), echoPort: portOf(forward) };
}

/** Runs a command that must succeed. */
export async function done(home: Home, args: readonly string[], ...lines: string[]): Promise<Told> {
  const told = await home.ask(args, ...lines);
  expect(told).toMatchObject({ code: 0, signal: null });
  return told;
}

export async function expectFailure(
  home: Home,
  args: readonly string[],
  code: string,
): Promise<string> {
  const told = await home.ask(args);
  expect(told.code).toBe(1);
  expect(told.events.at(-1)).toMatchObject({ event: 'error', code });
  return String(told.events.at(-1)?.['message']);
}

export function eventsOf({ events }: Told, name: string): readonly CommandEvent[] {
  return events.filter(({ event }) => event === name);
}

export function portOf(forward: CommandEvent | undefined): number {
  return Number(String(forward?.['local']).split(':')[1]);
}

// ── Traffic ─────────────────────────────────────────────────────────────────────────────────────

export async function expectEcho(client: Socket, text = 'through the tunnel'): Promise<void> {
  client.write(text);
  expect((await readBytes(client, text.length)).toString()).toBe(text);
}

/** A connection that has carried something and stays open. */
export async function openEcho(port: number): Promise<Socket> {
  const client = await connectTo(port);
  clients.push(client);
  await expectEcho(client);
  return client;
}

/** Opens connections until one carries something: those made while the link is away are reset. */
export async function untilEcho(port: number): Promise<void> {
  const attempt = async (): Promise<string> => {
    const client = dial(port);
    clients.push(client);
    client.write('?');
    let got = '';
    const ending = readToEnd(client, (chunk) => {
      got += chunk.toString();
      client.end();
    });
    await ending;
    return got;
  };
  await expect.poll(attempt, { timeout: 45_000, interval: 100 }).toBe('?');
}

/** A new connection leads nowhere: there is no port, or it is reset before it carries anything. */
export async function expectNoWay(port: number): Promise<void> {
  const client = dial(port);
  clients.push(client);
  client.write('GET / HTTP/1.0\r\n\r\n');
  let bytes = 0;
  const ending = await readToEnd(client, (chunk) => {
    bytes += chunk.length;
  });
  expect(bytes).toBe(0);
  expect(['ECONNREFUSED', 'ECONNRESET']).toContain(ending);
}
