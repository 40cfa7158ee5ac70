/**
 * What is known of a local port before a forward listens on it.
 *
 * Invariant: nothing is connected to where listening alone tells that somebody is there: the one who
 * is there would take it for a customer.
 */
import { connect, createServer } from 'node:net';
import { portholeError } from '../../shared/errors.ts';
import { PROBE_MS } from '../../shared/limits.ts';

export const LISTEN_HOST = '127.0.0.1';
const LOOPBACK_HOSTS = [LISTEN_HOST, '::1'];
const FIRST_UNPRIVILEGED_PORT = 1024;

/** How a wish for a port came out: as wished, or why another one was taken. */
export type PortOutcome = 'as-wished' | 'taken' | 'privileged';

/**
 * Throws `E_PORT_BUSY` or `E_PORT_PRIVILEGED` unless `port` can be listened on now, and nobody
 * answers there: a service on ::1 or on all addresses does not stop us from listening on 127.0.0.1
 * on every system, and a share of that very service would then lead to itself.
 */
export async function requireFreePort(port: number): Promise<void> {
  await tryListening(port);
  if (await isAnswered(port)) throw portholeError('E_PORT_BUSY', { port });
}

/** The same as an answer. */
export async function outcomeOf(port: number): Promise<PortOutcome> {
  try {
    await requireFreePort(port);
    return 'as-wished';
  } catch (thrown) {
    return outcomeOfError(thrown);
  }
}

/** Why a port could not be listened on. */
export function outcomeOfError(thrown: unknown): 'taken' | 'privileged' {
  return (thrown as { code?: unknown }).code === 'E_PORT_PRIVILEGED' ? 'privileged' : 'taken';
}

/** What `listen()` reported, as `E_PORT_BUSY` or `E_PORT_PRIVILEGED`. */
export function listenError(port: number, error: NodeJS.ErrnoException): Error {
  // From 1024 on EACCES is no matter of rights: Windows says so of ports it keeps for itself.
  return error.code === 'EACCES' && port < FIRST_UNPRIVILEGED_PORT
    ? portholeError('E_PORT_PRIVILEGED', { port, alternative: port + 8000 }, { cause: error })
    : portholeError('E_PORT_BUSY', { port }, { cause: error });
}

function tryListening(port: number): Promise<void> {
  const probe = createServer((socket) => socket.destroy());
  return new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(listenError(port, error)));
    probe.listen({ host: LISTEN_HOST, port }, () => probe.close(() => resolve()));
  });
}

async function isAnswered(port: number): Promise<boolean> {
  const answers = await Promise.all(LOOPBACK_HOSTS.map((host) => answersAt(host, port)));
  return answers.includes(true);
}

function answersAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ host, port });
    // No answer at all is no free port either: something swallows what is sent there.
    const timer = setTimeout(() => settle(true), PROBE_MS);
    const settle = (answer: boolean): void => {
      clearTimeout(timer);
      probe.destroy();
      resolve(answer);
    };
    probe.once('connect', () => settle(true));
    probe.once('error', () => settle(false));
  });
}
