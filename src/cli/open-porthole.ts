/**
 * Finds who answers a command: the daemon that keeps the data folder, or this process itself.
 *
 * Invariant: never two processes that write one folder.
 */
import type { PortholeApi } from '../shared/calls/api.ts';
import { connectControl } from '../control/control-client.ts';
import type { ControlClient } from '../control/control-client.ts';
import { PortholeHost } from '../control/porthole-host.ts';
import type { PortholeHostOptions } from '../control/porthole-host.ts';
import { portholeError } from '../shared/errors.ts';

export interface OpenPorthole {
  /** `daemon`: another process, which does not end with this one; `here`: this process. */
  readonly where: 'daemon' | 'here';
  readonly api: PortholeApi;
  close(): Promise<void>;
}

const DAEMON_ONLY: ReadonlySet<ControlClient['role']> = new Set(['daemon']);

/**
 * The daemon of the folder if one runs, else a host in this process. Throws E_DATA_DIR_IN_USE when
 * a process has the folder that is not `acceptable`.
 */
export async function openPorthole(
  options: PortholeHostOptions,
  acceptable: ReadonlySet<ControlClient['role']> = DAEMON_ONLY,
): Promise<OpenPorthole> {
  const client = await connectControl(options.dataDir);
  if (client !== undefined) {
    if (acceptable.has(client.role)) {
      return { where: 'daemon', api: client, close: async () => client.close() };
    }
    client.close();
    throw portholeError('E_DATA_DIR_IN_USE', { pid: client.pid, path: options.dataDir });
  }
  const host = await PortholeHost.start(options);
  return { where: 'here', api: host.api, close: () => host.close() };
}
