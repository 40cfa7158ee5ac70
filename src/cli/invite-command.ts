/** `porthole invite`: lets one more device in, by link, QR code or blobs carried by hand. */
import type { CallParams, PeerView } from '../shared/contract.ts';
import { EventReporter } from './event-reporter.ts';
import { openPorthole } from './open-porthole.ts';
import type { OpenPorthole } from './open-porthole.ts';
import type { Connection } from './options.ts';
import { PairingDialogue } from './pairing-dialogue.ts';
import { InputLines } from './input-lines.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';
import { VERSION } from './version.ts';

/** A foreground command lets a device in as well as the daemon does. */
const ANY_ROLE = new Set(['daemon', 'command'] as const);

export interface InviteArguments extends Connection {
  readonly mode: 'online' | 'offline';
  readonly trust: 'compare' | 'trust-invite';
}

export function inviteCommand(options: InviteArguments, reporter: Reporter): Command {
  return async (signal) => {
    const { mode, trust } = options;
    const events = new EventReporter(reporter);
    const porthole = await openPorthole(
      { ...options, purpose: 'share', version: VERSION, onEvent: (event) => events.tell(event) },
      ANY_ROLE,
    );
    const lines = new InputLines();
    try {
      await invite({ porthole, params: { mode, trust, grant: null }, reporter, lines, signal });
      if (porthole.where === 'here') {
        reporter.remark(
          'It can use what this computer shares: porthole share PORT, or porthole up.',
        );
      }
    } finally {
      lines.close();
      await porthole.close();
    }
  };
}

interface Inviting {
  readonly porthole: OpenPorthole;
  readonly params: CallParams<'invite'>;
  readonly reporter: Reporter;
  readonly lines: InputLines;
  readonly signal: AbortSignal;
}

/** Shows an invite and resolves when a device is paired. Rejects with E_INVITE_… or E_DIGITS_DIFFER. */
export async function invite(inviting: Inviting): Promise<PeerView> {
  const { porthole, params, reporter, lines, signal } = inviting;
  const { trust } = params;
  const dialogue = new PairingDialogue({ reporter, lines, signal, trust });
  const peer = await porthole.api.call('invite', params, dialogue);
  if (porthole.where === 'daemon') tellPaired(reporter, peer);
  return peer;
}

/** The daemon knows it; this terminal does not yet. */
export function tellPaired(reporter: Reporter, { id: peer, name }: PeerView): void {
  reporter.event('paired', { peer, name }, `Paired with ${name}.`);
}
