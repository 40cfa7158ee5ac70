/**
 * `porthole share`: offers a target, and with `--invite` lets one more device in. Where a daemon
 * runs it does the sharing from then on; else this process does, for as long as it runs.
 */
import type { ShareView } from '../shared/contract.ts';
import { toPortholeError } from '../shared/errors.ts';
import type { PortholeError } from '../shared/errors.ts';
import { ask } from './ask.ts';
import { EventReporter } from './event-reporter.ts';
import { invite } from './invite-command.ts';
import { openPorthole } from './open-porthole.ts';
import type { OpenPorthole } from './open-porthole.ts';
import type { Connection } from './options.ts';
import { InputLines } from './input-lines.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';
import { untilAborted } from './until-aborted.ts';
import { VERSION } from './version.ts';

export interface ShareArguments extends Connection {
  readonly target: string;
  readonly name: string | undefined;
  readonly peers: readonly string[];
  readonly lan: 'this-computer' | 'allow-lan';
  readonly invite: 'none' | 'compare' | 'trust-invite';
}

export function shareCommand(options: ShareArguments, reporter: Reporter): Command {
  return async (signal) => {
    const events = new EventReporter(reporter);
    const porthole = await openPorthole({
      ...options,
      purpose: 'share',
      version: VERSION,
      onEvent: (event) => events.tell(event),
    });
    try {
      await shareThere({ porthole, options, reporter, signal });
    } finally {
      await porthole.close();
    }
  };
}

interface Sharing {
  readonly porthole: OpenPorthole;
  readonly options: ShareArguments;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

async function shareThere(sharing: Sharing): Promise<void> {
  const { porthole, options, reporter, signal } = sharing;
  const { target, name, peers, lan } = options;
  const share = await ask(porthole.api, {
    name: 'share',
    params: { target, name: name ?? null, peers: [...peers], lan },
    signal,
  });
  reporter.event(
    'share',
    { share: share.id, target: share.target },
    `Sharing ${share.target} as "${share.name}".`,
  );
  if (share.state === 'paused') {
    reporter.remark('Sharing is paused: nobody can use it until porthole resume.');
  }
  if (options.invite !== 'none') await inviteOne(sharing, share, options.invite);
  if (porthole.where === 'daemon') {
    return reporter.remark(
      `porthole up shares it from now on. porthole unshare ${share.name} ends it.`,
    );
  }
  if (options.invite === 'none') await requireSomebody(sharing);
  reporter.remark('Ctrl+C stops sharing.');
  await untilAborted(signal);
}

/** A failed invite ends the command, unless paired devices can use the share anyway. */
async function inviteOne(
  sharing: Sharing,
  share: ShareView,
  trust: 'compare' | 'trust-invite',
): Promise<void> {
  const { porthole, reporter, signal } = sharing;
  const lines = new InputLines();
  try {
    const params = { mode: 'online', trust, grant: share.id } as const;
    await invite({ porthole, params, reporter, lines, signal });
  } catch (thrown) {
    signal.throwIfAborted();
    const error = toPortholeError(thrown);
    if (porthole.where === 'daemon' || !(await hasPeers(sharing))) throw error;
    tellFailedInvite(reporter, error);
  } finally {
    lines.close();
  }
}

function tellFailedInvite(reporter: Reporter, error: PortholeError): void {
  reporter.error(error);
  reporter.remark('Paired devices can go on using what is shared.');
}

async function hasPeers({ porthole, signal }: Sharing): Promise<boolean> {
  const { peers } = await ask(porthole.api, { name: 'status', params: {}, signal });
  return peers.length > 0;
}

async function requireSomebody(sharing: Sharing): Promise<void> {
  if (await hasPeers(sharing)) return;
  sharing.reporter.remark(
    'No device is paired yet, so nobody can use it. Run it again with --invite to add one.',
  );
}
