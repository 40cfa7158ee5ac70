/** `porthole join`: reads a link, pairs, and forwards all that the other computer shares. */
import { hostname } from 'node:os';
import { Engine, inviterOf } from '../engine/engine.ts';
import type { EngineEvents, Peer } from '../engine/engine.ts';
import type { OpenForward, PortReason } from '../engine/service/forward-set.ts';
import { portholeError } from '../shared/errors.ts';
import type { ErrorCode, PortholeError } from '../shared/errors.ts';
import { parsePort } from '../shared/target.ts';
import { readLink } from './read-link.ts';
import { refusalSentence } from './refusal.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';

export interface JoinArguments {
  readonly local: string | undefined;
}

export function joinCommand(options: JoinArguments, reporter: Reporter): Command {
  return async (signal) => {
    const localPort = parseLocal(options.local);
    const link = await readLink(signal);
    const shell = new JoinShell(reporter);
    shell.onConnecting(inviterOf(link));
    const engine = new Engine({ deviceName: hostname(), events: shell });
    try {
      await engine.join({ link, localPort, signal });
      throw await shell.ended(signal);
    } finally {
      await engine.close();
    }
  };
}

function parseLocal(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = parsePort(text);
  if (port !== undefined) return port;
  throw portholeError('E_USAGE', {
    problem: `--local takes a port from 1 to 65535, not "${text}".`,
  });
}

/** Why the local port is not the one of the share. */
const PORT_REASONS: Record<PortReason, string> = {
  'same-port': '',
  'asked-for': '',
  taken: ' (port {port} is taken here)',
  privileged: ' (port {port} needs administrator rights here)',
  'own-target': ' (port {port} is the shared service itself here)',
};

class JoinShell implements EngineEvents {
  readonly #reporter: Reporter;
  #settle: (cause: PortholeError) => void = () => {};
  readonly #end: Promise<PortholeError>;
  readonly #sharedPorts = new Set<number>();
  #refused: ErrorCode | undefined;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
    this.#end = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Resolves with why the link is over; rejects when the person ends it. */
  ended(signal: AbortSignal): Promise<PortholeError> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error);
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      void this.#end.then(resolve);
    });
  }

  /** The link was read; nobody was asked yet. */
  onConnecting({ id }: Peer): void {
    this.#reporter.event('link', { peer: id, state: 'connecting', path: 'datachannel' }, '');
  }

  onPaired(peer: Peer): void {
    this.#reporter.event('paired', { peer: peer.id, name: peer.name }, `Paired with ${peer.name}.`);
  }

  onLink(peer: Peer, state: 'up' | 'closed', path: string): void {
    this.#reporter.event('link', { peer: peer.id, state, path }, '');
  }

  onLinkClosed(cause: PortholeError | undefined): void {
    if (cause !== undefined) this.#settle(cause);
  }

  onForward(forward: OpenForward, peer: Peer): void {
    const { share, local, sharedPort, name, why } = forward;
    this.#sharedPorts.add(sharedPort);
    const reason = PORT_REASONS[why].replace('{port}', String(sharedPort));
    const sentence = `${local} now leads to "${name}" on ${peer.name}${reason}. Ctrl+C ends it.`;
    this.#reporter.event('forward', { share, local, peer: peer.id }, sentence);
  }

  onForwardFailed(error: PortholeError): void {
    this.#settle(error);
  }

  /** Once for each reason: a browser tries again many times a second. */
  onSocketRefused(code: ErrorCode): void {
    if (this.#refused === code) return;
    this.#refused = code;
    const sentence = refusalSentence(code, this.#sharedPorts);
    this.#reporter.remark(`A connection was turned down: ${sentence}`);
  }

  onClaimFailed(): void {}

  onInviteWarning(): void {}

  onInviteEnded(): void {}
}
