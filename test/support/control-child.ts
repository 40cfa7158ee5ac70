/**
 * A process at one end of a control socket, for what only another process can show.
 *
 *   control-child.ts serve DIR    answers `status`, and `invite` for ever; prints {"event":"ready"}
 *   control-child.ts invite DIR   asks for an invite and waits; prints {"event":"invite"}
 */
import { connectControl } from '../../src/control/control-client.ts';
import { ControlServer } from '../../src/control/control-server.ts';
import { toError } from '../../src/shared/errors.ts';
import { handlersOf, STATUS, talkOf } from './control-handlers.ts';

function print(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

async function serve(dataDir: string): Promise<void> {
  const handlers = handlersOf({
    status: async () => ({ ...STATUS, pid: process.pid }),
    invite: async (_params, talk) => {
      talk.emit({ kind: 'warning', text: 'waiting' });
      return talk.nextInput() as Promise<never>;
    },
  });
  const server = await ControlServer.listen({
    dataDir,
    role: 'daemon',
    handlers,
    onFault: () => undefined,
  });
  print('ready', { address: server.address });
}

async function invite(dataDir: string): Promise<void> {
  const client = await connectControl(dataDir);
  if (client === undefined) throw new Error('nobody listens');
  const talk = talkOf<'invite'>(() => print('invite'));
  await client.call('invite', { mode: 'online', trust: 'compare', grant: null }, talk);
}

const [role = '', dataDir = ''] = process.argv.slice(2);
const roles: Readonly<Record<string, () => Promise<void>>> = {
  serve: () => serve(dataDir),
  invite: () => invite(dataDir),
};
try {
  await roles[role]?.();
} catch (thrown) {
  const { message, name } = toError(thrown);
  print('failed', { message, name, code: (thrown as NodeJS.ErrnoException).code });
}
