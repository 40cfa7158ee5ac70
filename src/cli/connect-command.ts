/**
 * `porthole connect`: one forward to a paired device's share. Where a daemon runs it keeps the
 * forward; else this process does, for as long as it runs.
 */
import { ask } from './ask.ts';
import { forwardSentence } from './change-commands.ts';
import { EventReporter } from './event-reporter.ts';
import { parseLocal } from './local-port.ts';
import { openPorthole } from './open-porthole.ts';
import type { Connection } from './options.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';
import { untilAborted } from './until-aborted.ts';
import { VERSION } from './version.ts';
import { forwardFields } from './view-fields.ts';

export interface ConnectArguments extends Connection {
  readonly peer: string;
  readonly share: string;
  readonly local: string | undefined;
}

export function connectCommand(options: ConnectArguments, reporter: Reporter): Command {
  return async (signal) => {
    const localPort = parseLocal(options.local);
    const { peer, share } = options;
    const events = new EventReporter(reporter);
    const porthole = await openPorthole({
      ...options,
      purpose: 'forward',
      version: VERSION,
      onEvent: (event) => events.tell(event),
    });
    try {
      const params = { peer, share, localPort };
      const forward = await ask(porthole.api, { name: 'connect', params, signal });
      if (porthole.where === 'here') await untilAborted(signal);
      reporter.event('forward', forwardFields(forward), forwardSentence(forward));
    } finally {
      await porthole.close();
    }
  };
}
