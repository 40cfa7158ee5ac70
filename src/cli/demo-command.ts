/**
 * `porthole demo`: a real web server here, the real `share` and `join` in two processes of their
 * own, paired by a real invite; fetches pages and a large file through the tunnel and tells what it
 * measured.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { portholeError } from '../shared/errors.ts';
import { DemoProcess } from './demo-process.ts';
import { measureTunnel } from './demo-measure.ts';
import { DemoServer } from './demo-server.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';

export interface DemoArguments {
  readonly seconds: string | undefined;
}

export function demoCommand(options: DemoArguments, reporter: Reporter): Command {
  return async (signal) => {
    const seconds = parseSeconds(options.seconds);
    const server = await DemoServer.listen();
    const folder = await mkdtemp(joinPath(tmpdir(), 'porthole-demo-'));
    const processes: DemoProcess[] = [];
    try {
      await runDemo({ server, folder, processes, reporter, signal, seconds });
    } finally {
      await Promise.all(processes.map((process) => process.stop()));
      await server.close();
      await rm(folder, { recursive: true, force: true });
    }
  };
}

interface Demo {
  readonly server: DemoServer;
  /** Holds a data folder for each of the two, as on two computers. */
  readonly folder: string;
  readonly processes: DemoProcess[];
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly seconds: number | undefined;
}

async function runDemo(demo: Demo): Promise<void> {
  const { server, reporter, signal, seconds } = demo;
  reporter.remark(`1. A web server listens on 127.0.0.1:${server.port}, on this computer.`);
  const { local, died } = await openTunnel(demo);
  reporter.remark('4. Fetching pages and a large file through the tunnel…');
  const measured = await Promise.race([measureTunnel(local, signal), died]);
  reporter.event(
    'demo',
    measured,
    `   ${measured.throughputMbps} Mbit/s, ${measured.rttMs} ms for a small page; every byte checked.`,
  );
  reporter.remark(whatNext(local, seconds));
  await Promise.race([waitFor(seconds, signal), died]);
}

/** Starts both engines; `died` rejects when one of them ends by itself. */
async function openTunnel({ server, folder, processes, reporter, signal }: Demo) {
  const start = (name: string, args: readonly string[]): DemoProcess => {
    const dataDir = joinPath(folder, name);
    const child = new DemoProcess([name, ...args, '--data-dir', dataDir], signal);
    processes.push(child);
    return child;
  };
  const share = start('share', [String(server.port), '--invite', '--trust-invite']);
  const { link } = await share.event('invite');
  reporter.remark('2. `porthole share` offers it, in a process of its own, and made an invite.');
  const join = start('join', ['--trust-invite']);
  join.writeLine(link);
  const { share: id, local, peer } = await join.event('forward');
  const sentence = `3. \`porthole join\` read the link, in another process: ${local} leads to the web server.`;
  reporter.event('forward', { share: id, local, peer }, sentence);
  return { local, died: Promise.race([share.failed, join.failed]) };
}

function whatNext(local: string, seconds: number | undefined): string {
  const end = seconds === undefined ? 'Ctrl+C ends it.' : `It ends by itself in ${seconds} s.`;
  return [
    '',
    `Open http://${local} in a browser: it comes through the tunnel. ${end}`,
    'Next, with a port of your own and two computers:',
    '  here:   porthole share 8080 --invite',
    '  there:  porthole join',
  ].join('\n');
}

function waitFor(seconds: number | undefined, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = seconds === undefined ? undefined : setTimeout(resolve, seconds * 1000);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function parseSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (text.trim() !== '' && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw portholeError('E_USAGE', {
    problem: `--seconds takes a number of seconds, not "${text}".`,
  });
}
