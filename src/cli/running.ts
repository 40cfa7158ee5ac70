/**
 * For commands that ask the Porthole that runs, daemon or foreground command; `list` and `peers`
 * show what is stored when none does.
 */
import type { PortholeApi } from '../shared/calls/api.ts';
import { connectControl } from '../control/control-client.ts';
import { storedForwards, storedPeer, storedShare } from '../engine/store/stored-views.ts';
import { openDataFolder } from '../engine/store/open-data-folder.ts';
import type { DataFolder } from '../engine/store/open-data-folder.ts';
import { portholeError } from '../shared/errors.ts';
import type { CommandIo } from './ask.ts';
import { listCommand, showList } from './list-command.ts';
import { peersCommand, showPeers } from './peers-command.ts';
import type { Command } from './run.ts';
import type { Reporter } from './reporter.ts';

type Ask = (api: PortholeApi, io: CommandIo) => Promise<void>;

/** Asks whoever keeps the folder. The command rejects with E_NO_DAEMON when nobody does. */
export function askRunning(dataDir: string, reporter: Reporter, ask: Ask): Command {
  return async (signal) => {
    const asked = await tryRunning(dataDir, ask, { reporter, signal });
    if (asked === 'nobody') throw portholeError('E_NO_DAEMON');
  };
}

export function showListed(dataDir: string, reporter: Reporter): Command {
  return async (signal) => {
    const asked = await tryRunning(dataDir, listCommand, { reporter, signal });
    if (asked === 'done') return;
    readStored(dataDir, reporter, ({ shares, peers }) => {
      const views = {
        shares: shares.all().map(storedShare),
        forwards: peers.all().flatMap(storedForwards),
        peers: peers.all().map(storedPeer),
      };
      showList({ ...views, source: 'stored' }, reporter);
    });
  };
}

export function showPaired(dataDir: string, reporter: Reporter): Command {
  return async (signal) => {
    const asked = await tryRunning(dataDir, peersCommand, { reporter, signal });
    if (asked === 'done') return;
    readStored(dataDir, reporter, (data) => {
      const views = data.peers.all().map(storedPeer);
      showPeers({ peers: views, source: 'stored', now: new Date() }, reporter);
    });
  };
}

async function tryRunning(dataDir: string, ask: Ask, io: CommandIo): Promise<'done' | 'nobody'> {
  const client = await connectControl(dataDir);
  if (client === undefined) return 'nobody';
  try {
    await ask(client, io);
    return 'done';
  } finally {
    client.close();
  }
}

function readStored(dataDir: string, reporter: Reporter, show: (data: DataFolder) => void): void {
  const data = openDataFolder(dataDir, 'read');
  for (const notice of data.notices) reporter.remark(notice);
  show(data);
  data.close();
}
