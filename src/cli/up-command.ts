/**
 * `porthole up`: the daemon in the foreground. It keeps everything of this user's, and shows it in a
 * page for browsers of this computer.
 */
import { fileURLToPath } from 'node:url';
import { PortholeHost } from '../control/porthole-host.ts';
import { connectControl } from '../control/control-client.ts';
import { portholeError } from '../shared/errors.ts';
import type { PortholeApi } from '../shared/calls/api.ts';
import { ask } from './ask.ts';
import type { CommandIo } from './ask.ts';
import { EventReporter } from './event-reporter.ts';
import type { Connection } from './options.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';
import { showStatus } from './status-command.ts';
import { untilAborted } from './until-aborted.ts';
import { VERSION } from './version.ts';

export interface UpOptions extends Connection {
  /** `none`: no page; a port, or null for the one of last time. */
  readonly ui: 'none' | { readonly port: number | null };
}

/** Beside the built command. */
const PAGE_FOLDER = fileURLToPath(new URL('../renderer', import.meta.url));

export function upCommand({ ui, ...options }: UpOptions, reporter: Reporter): Command {
  return async (signal) => {
    await requireAlone(options.dataDir);
    const events = new EventReporter(reporter);
    const host = await PortholeHost.start({
      ...options,
      purpose: 'keep',
      version: VERSION,
      ...(ui === 'none' ? {} : { webUi: { folder: PAGE_FOLDER, port: ui.port } }),
      onEvent: (event) => events.tell(event),
    });
    try {
      const status = await ask(host.api, { name: 'status', params: {}, signal });
      showStatus(status, reporter);
      await tellUi(host.api, { reporter, signal });
      reporter.remark('Porthole runs. Ctrl+C ends it, and closes all connections.');
      await untilAborted(signal);
    } finally {
      await host.close();
    }
  };
}

/**
 * Scripts and terminals get the whole address. What else reads standard output keeps it, as the journal
 * of a service does, for others to read: there the token stays out.
 */
async function tellUi(api: PortholeApi, { reporter, signal }: CommandIo): Promise<void> {
  const { url } = await ask(api, { name: 'ui', params: {}, signal });
  if (url === null) return;
  const sentence = process.stdout.isTTY
    ? `Open ${url} in a browser of this computer.`
    : `The web UI is at ${new URL(url).origin}; porthole ui tells the link that lets a browser in.`;
  reporter.event('ui', { url }, sentence);
}

/** A sentence with the process id, rather than what the folder's lock would say of a path. */
async function requireAlone(dataDir: string): Promise<void> {
  const client = await connectControl(dataDir);
  if (client === undefined) return;
  client.close();
  throw portholeError('E_DATA_DIR_IN_USE', { pid: client.pid, path: dataDir });
}
