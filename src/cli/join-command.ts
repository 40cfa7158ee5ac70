/**
 * `porthole join`: reads a code, pairs, and forwards all that the other device shares. Where a
 * daemon runs it keeps the forwards from then on; else this process does, for as long as it runs.
 */
import { PortholeError, portholeError } from '../shared/errors.ts';
import type { ErrorCode } from '../shared/errors.ts';
import type { EngineEvent } from '../shared/contract.ts';
import { forwardSentence } from './change-commands.ts';
import { ask } from './ask.ts';
import { EventReporter } from './event-reporter.ts';
import { tellPaired } from './invite-command.ts';
import { openPorthole } from './open-porthole.ts';
import type { OpenPorthole } from './open-porthole.ts';
import { parseLocal } from './local-port.ts';
import type { Connection } from './options.ts';
import { PairingDialogue } from './pairing-dialogue.ts';
import { InputLines } from './input-lines.ts';
import { readCode } from './prompt.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';
import { untilAborted } from './until-aborted.ts';
import { VERSION } from './version.ts';
import { forwardFields } from './view-fields.ts';

export interface JoinArguments extends Connection {
  readonly local: string | undefined;
  readonly trust: 'compare' | 'trust-invite';
}

export function joinCommand(options: JoinArguments, reporter: Reporter): Command {
  return async (signal) => {
    const localPort = parseLocal(options.local);
    const fatal = new FatalEvents();
    const events = new EventReporter(reporter);
    // Before the code is asked for: a folder that cannot be used is no reason to touch it.
    const porthole = await openPorthole({
      ...options,
      purpose: 'forward',
      version: VERSION,
      onEvent: (event) => {
        if (fatal.take(event) === 'news') events.tell(event);
      },
    });
    const lines = new InputLines();
    try {
      const { trust } = options;
      await join({ porthole, fatal, lines, trust, localPort, reporter, signal });
    } finally {
      lines.close();
      await porthole.close();
    }
  };
}

interface Joining {
  readonly porthole: OpenPorthole;
  readonly fatal: FatalEvents;
  readonly lines: InputLines;
  readonly trust: JoinArguments['trust'];
  readonly localPort: number | null;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

async function join(joining: Joining): Promise<void> {
  const { porthole, fatal, lines, trust, localPort, reporter, signal } = joining;
  const code = await requireCode(lines, signal);
  const dialogue = new PairingDialogue({ reporter, lines, signal, trust });
  const peer = await porthole.api.call('join', { code, trust, localPort }, dialogue);
  lines.close();
  if (porthole.where === 'here') {
    reporter.remark('Ctrl+C ends it.');
    throw await Promise.race([fatal.happened, untilAborted(signal)]);
  }
  tellPaired(reporter, peer);
  await tellForwards(porthole, peer.id, { reporter, signal });
}

async function requireCode(lines: InputLines, signal: AbortSignal): Promise<string> {
  const code = await readCode(lines, { prompt: 'Paste the link: ', signal });
  if (code !== undefined) return code;
  const problem =
    'No link arrived on standard input. Paste the link that `porthole share` printed.';
  throw portholeError('E_USAGE', { problem });
}

/** The forwards the daemon has opened to that peer. */
async function tellForwards(
  { api }: OpenPorthole,
  peerId: string,
  { reporter, signal }: { readonly reporter: Reporter; readonly signal: AbortSignal },
): Promise<void> {
  const { forwards } = await ask(api, { name: 'status', params: {}, signal });
  for (const forward of forwards.filter(({ peer }) => peer === peerId)) {
    reporter.event('forward', forwardFields(forward), forwardSentence(forward));
  }
  reporter.remark('porthole up keeps them from now on. porthole list shows them.');
}

const FATAL: ReadonlySet<string> = new Set<ErrorCode>([
  'E_REMOVED',
  'E_PORT_BUSY',
  'E_PORT_PRIVILEGED',
  'E_USAGE',
]);

/** Events after which nothing is left to do for a process that only joined. */
class FatalEvents {
  readonly happened: Promise<PortholeError>;
  #settle!: (error: PortholeError) => void;

  constructor() {
    this.happened = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** `told-otherwise`: the command ends with it. */
  take(event: EngineEvent): 'told-otherwise' | 'news' {
    if (event.kind !== 'notice' || !FATAL.has(event.code)) return 'news';
    this.#settle(new PortholeError(event.code as ErrorCode, event.text));
    return 'told-otherwise';
  }
}
