/** `porthole up`: the daemon in the foreground. It keeps everything of this user's. */
import { PortholeHost } from '../control/porthole-host.ts';
import { connectControl } from '../control/control-client.ts';
import { portholeError } from '../shared/errors.ts';
import { ask } from './ask.ts';
import { EventReporter } from './event-reporter.ts';
import type { Connection } from './options.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';
import { showStatus } from './status-command.ts';
import { untilAborted } from './until-aborted.ts';
import { VERSION } from './version.ts';

export function upCommand(options: Connection, reporter: Reporter): Command {
  return async (signal) => {
    await requireAlone(options.dataDir);
    const events = new EventReporter(reporter);
    const host = await PortholeHost.start({
      ...options,
      purpose: 'keep',
      version: VERSION,
      onEvent: (event) => events.tell(event),
    });
    try {
      const status = await ask(host.api, { name: 'status', params: {}, signal });
      showStatus(status, reporter);
      reporter.remark('Porthole runs. Ctrl+C ends it, and closes all connections.');
      await untilAborted(signal);
    } finally {
      await host.close();
    }
  };
}

/** A sentence with the process id, rather than what the folder's lock would say of a path. */
async function requireAlone(dataDir: string): Promise<void> {
  const client = await connectControl(dataDir);
  if (client === undefined) return;
  client.close();
  throw portholeError('E_DATA_DIR_IN_USE', { pid: client.pid, path: dataDir });
}
