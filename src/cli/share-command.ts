/**
 * `porthole share`: shares a target and invites one computer at a time. While one is connected the
 * invite is spent; when it leaves, a new one is made.
 */
import { hostname } from 'node:os';
import { Engine } from '../engine/engine.ts';
import type { EngineEvents, Peer } from '../engine/engine.ts';
import type { InviteEnd } from '../engine/pairing/invite-state.ts';
import type { InviteWarning } from '../engine/pairing/invite-room.ts';
import { portholeError } from '../shared/errors.ts';
import type { PortholeError } from '../shared/errors.ts';
import { formatTarget, parseTarget } from '../shared/target.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';

export interface ShareArguments {
  readonly target: string;
  readonly name: string | undefined;
}

/** How the wait for one computer, and the time with it, ended. */
type Outcome = 'left' | PortholeError;

export function shareCommand(options: ShareArguments, reporter: Reporter): Command {
  return async (signal) => {
    const target = parseTarget(options.target);
    const shell = new ShareShell(reporter);
    const engine = new Engine({ deviceName: hostname(), events: shell });
    try {
      const share = engine.share(options.name ?? String(target.port), target);
      const at = formatTarget(target);
      reporter.event('share', { share: share.id, target: at }, `Sharing ${at} as "${share.name}".`);
      await inviteForEver(engine, { shell, reporter, signal });
    } finally {
      await engine.close();
    }
  };
}

interface InviteLoop {
  readonly shell: ShareShell;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

async function inviteForEver(
  engine: Engine,
  { shell, reporter, signal }: InviteLoop,
): Promise<void> {
  for (;;) {
    const { link, expiresAt } = await engine.invite();
    const until = new Date(expiresAt);
    const fields = { link, expiresAt: until.toISOString() };
    reporter.event('invite', fields, inviteText(link, until));
    const outcome = await shell.outcome(signal, expiresAt);
    if (outcome !== 'left') throw outcome;
  }
}

function inviteText(link: string, until: Date): string {
  const time = until.toTimeString().slice(0, 5);
  return [
    '',
    'On the other computer run',
    '  porthole join --trust-invite',
    `and paste this link. It is good for one computer, until ${time}:`,
    '',
    `  ${link}`,
    '',
    'Whoever gets the link first is trusted: send it only where nobody else reads it.',
    'Waiting. Ctrl+C stops sharing.',
  ].join('\n');
}

class ShareShell implements EngineEvents {
  readonly #reporter: Reporter;
  #expiresAt = 0;
  #settle: (outcome: Outcome) => void = () => {};

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Waits until the computer that came has left, or the invite has failed; rejects on abort. */
  outcome(signal: AbortSignal, expiresAt: number): Promise<Outcome> {
    this.#expiresAt = expiresAt;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error);
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#settle = (outcome) => {
        signal.removeEventListener('abort', onAbort);
        resolve(outcome);
      };
    });
  }

  onPaired(peer: Peer): void {
    this.#reporter.event('paired', { peer: peer.id, name: peer.name }, `Paired with ${peer.name}.`);
  }

  onLink(peer: Peer, state: 'up' | 'closed', path: string): void {
    const sentence = state === 'up' ? `Connected to ${peer.name}.` : '';
    this.#reporter.event('link', { peer: peer.id, state, path }, sentence);
  }

  onClaimFailed(cause: PortholeError, invite: 'open' | 'spent'): void {
    this.#reporter.remark(`A computer with the link could not connect: ${cause.message}`);
    if (invite === 'open') return;
    this.#reporter.remark('The link is spent. Here is a new one.');
    this.#settle('left');
  }

  onLinkClosed(cause: PortholeError | undefined, peer: Peer): void {
    // Ended here, so there is no next computer.
    if (cause === undefined) return;
    this.#reporter.remark(`${peer.name} is gone. Here is a new link for the next computer.`);
    this.#settle('left');
  }

  onForward(): void {}

  onForwardFailed(): void {}

  onSocketRefused(): void {}

  onInviteWarning(warning: InviteWarning): void {
    if (warning.kind === 'second-claimant') {
      this.#settle(portholeError('E_INVITE_BURNED', { name: warning.name }));
    } else if (warning.kind === 'invalid-attempts') {
      this.#reporter.remark('Someone tried an invalid code. The invite stays open.');
    }
  }

  onInviteEnded(how: InviteEnd): void {
    if (how !== 'expired') return;
    const time = new Date(this.#expiresAt).toTimeString().slice(0, 5);
    this.#settle(portholeError('E_INVITE_EXPIRED', { when: `at ${time}` }));
  }
}
