/**
 * `porthole rendezvous`: runs a rendezvous server until it is told to end. SIGHUP reads the
 * certificate again.
 */
import type { Logger } from 'pino';
import { startRendezvous } from '../engine/rendezvous.ts';
import type { CertificateFiles, Rendezvous } from '../engine/rendezvous.ts';
import { systemClock } from '../engine/system-clock.ts';
import { portholeError, toPortholeError } from '../shared/errors.ts';
import { createLog, logCounts } from './rendezvous-log.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';
import { VERSION } from './version.ts';

/**
 * All interfaces, since the server is there for other computers. The port stands for PORT on a
 * telephone's keys; IANA has given it to nobody, and it needs no administrator.
 */
const RENDEZVOUS_PORT = 7678;

export interface RendezvousArguments {
  /** `PORT`, `HOST:PORT` or `[IPV6]:PORT`. */
  readonly listen: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly behindProxy: boolean | undefined;
}

export function rendezvousCommand(options: RendezvousArguments, reporter: Reporter): Command {
  return async (signal) => {
    const server = await startRendezvous({
      ...parseListen(options.listen),
      certificate: certificateFiles(options),
      addresses: options.behindProxy === true ? 'forwarded' : 'direct',
      version: VERSION,
    });
    const log = createLog();
    log.info({ url: server.url }, 'listening');
    const stopCounts = logCounts({ log, clock: systemClock, load: () => server.load() });
    const onHangup = (): void => void reloadCertificate(server, log);
    if (options.cert !== undefined) process.on('SIGHUP', onHangup);
    try {
      const { url } = server;
      const sentence = `The rendezvous server listens on ${url}. It can see who meets whom and when, and nothing of what they say.`;
      reporter.event('rendezvous', { url }, sentence);
      await aborted(signal);
    } finally {
      stopCounts();
      process.off('SIGHUP', onHangup);
      await server.close();
      log.info('ended');
    }
  };
}

async function reloadCertificate(server: Rendezvous, log: Logger): Promise<void> {
  try {
    await server.reloadCertificate();
    log.info('certificate read again');
  } catch (thrown) {
    const { code, message } = toPortholeError(thrown);
    log.error({ code }, message);
  }
}

function certificateFiles({ cert, key }: RendezvousArguments): CertificateFiles | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  throw portholeError('E_USAGE', { problem: '--cert and --key need each other.' });
}

function parseListen(text: string | undefined): { host: string | undefined; port: number } {
  if (text === undefined) return { host: undefined, port: RENDEZVOUS_PORT };
  const [, bracketed, plain, digits] =
    /^(?:(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+)):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65_535) return { host: bracketed ?? plain, port };
  const problem = `--listen takes PORT or HOST:PORT, not "${text}".`;
  throw portholeError('E_USAGE', { problem });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
