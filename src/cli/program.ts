/** What the `porthole` command takes: every command with its arguments and options. */
import { Command, Option } from 'commander';
import { requireStunUrl, requireTurnArgument } from '../shared/ice-url.ts';
import { defaultDataDir } from '../engine/store/data-folder.ts';
import { portholeError } from '../shared/errors.ts';
import { exportCommand, importCommand } from './backup-commands.ts';
import {
  disconnectCommand,
  forgetCommand,
  grantCommand,
  pauseCommand,
  resumeCommand,
  revokeCommand,
  unshareCommand,
} from './change-commands.ts';
import { connectCommand } from './connect-command.ts';
import { demoCommand } from './demo-command.ts';
import { inviteCommand } from './invite-command.ts';
import { joinCommand } from './join-command.ts';
import type { Connection } from './options.ts';
import { parseLocal } from './local-port.ts';
import { logsCommand } from './logs-command.ts';
import { rendezvousCommand } from './rendezvous-command.ts';
import { createReporter } from './reporter.ts';
import type { Reporter } from './reporter.ts';
import { runCommand } from './run.ts';
import { askRunning, showListed, showPaired } from './running.ts';
import type { Command as RunnableCommand } from './run.ts';
import { shareCommand } from './share-command.ts';
import { statusCommand } from './status-command.ts';
import { uiCommand } from './ui-command.ts';
import { upCommand } from './up-command.ts';
import type { UpOptions } from './up-command.ts';
import { VERSION } from './version.ts';

interface CommonOptions {
  readonly dataDir?: string;
  readonly json?: boolean;
}

interface ConnectionOptions extends CommonOptions {
  readonly rendezvous?: string[];
  readonly stun?: string[];
  readonly turn?: string[];
  readonly turnPasswordFile?: string;
}

interface TrustOptions {
  readonly trustInvite?: boolean;
}

type Make = (reporter: Reporter, dataDir: string) => RunnableCommand;

/** The whole command line. Parsing throws CommanderError or E_USAGE. */
export function buildProgram(): Command {
  const program = new Command('porthole')
    .description('Share a port of this computer with another computer, peer to peer.')
    .version(VERSION)
    .exitOverride()
    // main.ts tells it, to people and to scripts.
    .configureOutput({ writeErr: () => undefined });
  addSharing(program);
  addPairing(program);
  addDaemon(program);
  addQueries(program);
  addChanges(program);
  addServers(program);
  return program;
}

// ── Commands ────────────────────────────────────────────────────────────────────────────────────

interface ShareOptions extends ConnectionOptions, TrustOptions {
  readonly name?: string;
  readonly peer?: string[];
  readonly invite?: boolean;
  readonly allowLan?: boolean;
}

function addSharing(program: Command): void {
  const share = program
    .command('share <target>')
    .description('share PORT, or HOST:PORT, of this computer')
    .option(
      '--name <name>',
      'what others see it as (default: the port)',
      valueOf('--name', 'a name'),
    )
    .option(
      '--peer <peer>',
      'only for this paired device; may be repeated',
      listOf('--peer', 'a device'),
    )
    .option('--invite', 'also let one more device in: print a QR code and a link')
    .option('--trust-invite', TRUST_HELP)
    .option('--allow-lan', 'the target may be on another computer of your network');
  connecting(share).action(async (target: string, options: ShareOptions) =>
    start(options, (reporter, dataDir) =>
      shareCommand(
        {
          ...connectionOf(options, dataDir),
          target,
          name: options.name,
          peers: options.peer ?? [],
          lan: options.allowLan === true ? 'allow-lan' : 'this-computer',
          invite: inviteOf(options),
        },
        reporter,
      ),
    ),
  );
}

function inviteOf(options: ShareOptions): 'none' | 'compare' | 'trust-invite' {
  if (options.invite === true) return trustOf(options);
  if (options.trustInvite !== true) return 'none';
  throw portholeError('E_USAGE', { problem: '--trust-invite goes with --invite.' });
}

function addPairing(program: Command): void {
  const join = program
    .command('join')
    .description(
      'read a link or an offline code from standard input, pair, and forward what is shared',
    )
    .option('--trust-invite', TRUST_HELP)
    .option(
      '--local <port>',
      'local port to listen on (default: the same port if it is free)',
      valueOf('--local', 'a port'),
    );
  connecting(join).action(async (options: ConnectionOptions & TrustOptions & { local?: string }) =>
    start(options, (reporter, dataDir) => {
      const { local } = options;
      return joinCommand(
        { ...connectionOf(options, dataDir), local, trust: trustOf(options) },
        reporter,
      );
    }),
  );
  const invite = program
    .command('invite')
    .description('let one more device in, without sharing anything new')
    .option('--offline', 'no server: a code and an answer, carried by hand')
    .option('--trust-invite', TRUST_HELP);
  connecting(invite).action(
    async (options: ConnectionOptions & TrustOptions & { offline?: boolean }) =>
      start(options, (reporter, dataDir) => {
        const mode = options.offline === true ? 'offline' : 'online';
        return inviteCommand(
          { ...connectionOf(options, dataDir), mode, trust: trustOf(options) },
          reporter,
        );
      }),
  );
}

function addDaemon(program: Command): void {
  const up = program
    .command('up')
    .description('keep shares, forwards and devices connected, in the foreground')
    .option('--no-ui', 'without the page for browsers of this computer')
    .option(
      '--ui-port <port>',
      'where that page is (default: where it was last, or any free port)',
      valueOf('--ui-port', 'a port'),
    );
  connecting(up).action(async (options: ConnectionOptions & UiOptions) =>
    start(options, (reporter, dataDir) =>
      upCommand({ ...connectionOf(options, dataDir), ui: uiOf(options) }, reporter),
    ),
  );
  common(
    program
      .command('ui')
      .description('the link to the page of the daemon, for a browser of this computer')
      .option('--open', 'open it in the browser'),
  ).action(async (options: CommonOptions & { open?: boolean }) =>
    start(options, (reporter, dir) =>
      askRunning(dir, reporter, (api, io) =>
        uiCommand(api, { dataDir: dir, browser: options.open === true ? 'open' : 'leave' }, io),
      ),
    ),
  );
  const connect = program
    .command('connect <peer> <share>')
    .description('open a local port that leads to a device’s share')
    .option('--local <port>', 'local port to listen on', valueOf('--local', 'a port'));
  connecting(connect).action(
    async (peer: string, share: string, options: ConnectionOptions & { local?: string }) =>
      start(options, (reporter, dataDir) => {
        const { local } = options;
        return connectCommand({ ...connectionOf(options, dataDir), peer, share, local }, reporter);
      }),
  );
}

function addQueries(program: Command): void {
  common(program.command('list').description('shares and forwards')).action(
    async (options: CommonOptions) => start(options, (reporter, dir) => showListed(dir, reporter)),
  );
  common(program.command('peers').description('paired devices')).action(
    async (options: CommonOptions) => start(options, (reporter, dir) => showPaired(dir, reporter)),
  );
  common(program.command('status').description('what runs, and how it is')).action(
    async (options: CommonOptions) =>
      start(options, (reporter, dir) => askRunning(dir, reporter, statusCommand)),
  );
  common(
    program.command('logs').description('what happened').option('-f, --follow', 'go on'),
  ).action(async (options: CommonOptions & { follow?: boolean }) =>
    start(options, (reporter, dir) =>
      askRunning(dir, reporter, (api, io) =>
        logsCommand(api, { until: options.follow === true ? 'cancelled' : 'now' }, io),
      ),
    ),
  );
}

const PAUSES = [
  ['pause', pauseCommand, 'let nobody use a share, or any of them, for now'],
  ['resume', resumeCommand, 'let them go on'],
] as const;

function addChanges(program: Command): void {
  common(program.command('unshare <share>').description('stop sharing')).action(
    async (share: string, options: CommonOptions) =>
      start(options, (reporter, dir) =>
        askRunning(dir, reporter, (api, io) => unshareCommand(api, { share }, io)),
      ),
  );
  for (const [name, command, description] of PAUSES) {
    common(program.command(`${name} [share]`).description(description)).action(
      async (share: string | undefined, options: CommonOptions) =>
        start(options, (reporter, dir) =>
          askRunning(dir, reporter, (api, io) => command(api, { share }, io)),
        ),
    );
  }
  common(program.command('grant <peer> <share>').description('let a device use a share')).action(
    async (peer: string, share: string, options: CommonOptions) =>
      start(options, (reporter, dir) =>
        askRunning(dir, reporter, (api, io) => grantCommand(api, { peer, share }, io)),
      ),
  );
  common(program.command('revoke <peer> <share>').description('take that back, at once')).action(
    async (peer: string, share: string, options: CommonOptions) =>
      start(options, (reporter, dir) =>
        askRunning(dir, reporter, (api, io) => revokeCommand(api, { peer, share }, io)),
      ),
  );
  common(
    program.command('forget <peer>').description('remove a device, at once and for good'),
  ).action(async (peer: string, options: CommonOptions) =>
    start(options, (reporter, dir) =>
      askRunning(dir, reporter, (api, io) => forgetCommand(api, { peer }, io)),
    ),
  );
  common(program.command('disconnect <forward>').description('close a local port for good')).action(
    async (forward: string, options: CommonOptions) =>
      start(options, (reporter, dir) =>
        askRunning(dir, reporter, (api, io) => disconnectCommand(api, { forward }, io)),
      ),
  );
  common(
    program.command('export').description('a backup of the identity, behind a passphrase'),
  ).action(async (options: CommonOptions) =>
    start(options, (reporter, dir) => exportCommand(dir, reporter)),
  );
  const restore = program
    .command('import [file]')
    .description('put a backup, from a file or standard input, into the data folder')
    .option('--replace', 'in place of the identity that is there');
  common(restore).action(
    async (file: string | undefined, options: CommonOptions & { replace?: boolean }) =>
      start(options, (reporter, dataDir) => {
        const existing = options.replace === true ? 'replace' : 'refuse';
        return importCommand({ dataDir, file, existing }, reporter);
      }),
  );
}

interface UiOptions {
  readonly ui: boolean;
  readonly uiPort?: string;
}

function uiOf({ ui, uiPort }: UiOptions): UpOptions['ui'] {
  if (ui) return { port: parseLocal(uiPort, '--ui-port') };
  if (uiPort === undefined) return 'none';
  throw portholeError('E_USAGE', { problem: '--ui-port and --no-ui exclude each other.' });
}

interface RendezvousOptions {
  readonly listen?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly behindProxy?: boolean;
}

function addServers(program: Command): void {
  const rendezvous = program
    .command('rendezvous')
    .description('a server where two networks meet; it sees no content')
    .option('--listen <host:port>', 'where to listen', valueOf('--listen', 'HOST:PORT'))
    .option('--cert <file>', 'certificate, PEM', valueOf('--cert', 'a file'))
    .option('--key <file>', 'its private key, PEM', valueOf('--key', 'a file'))
    .option('--behind-proxy', 'behind a reverse proxy that sets X-Forwarded-For');
  common(rendezvous).action(async (options: CommonOptions & RendezvousOptions) => {
    const { listen, cert, key, behindProxy } = options;
    // With a certificate SIGHUP means to read it again.
    const kind = cert === undefined ? 'command' : 'server';
    const make: Make = (reporter) =>
      rendezvousCommand({ listen, cert, key, behindProxy }, reporter);
    await start(options, make, kind);
  });
  const demo = program
    .command('demo')
    .description('two engines, a web server and a real tunnel between them, on this computer')
    .option(
      '--seconds <n>',
      'how long the forward stays open (default: until Ctrl+C)',
      valueOf('--seconds', 'a number'),
    );
  common(demo).action(async (options: CommonOptions & { seconds?: string }) =>
    start(options, (reporter) => demoCommand({ seconds: options.seconds }, reporter)),
  );
}

// ── Options ─────────────────────────────────────────────────────────────────────────────────────

const TRUST_HELP = 'trust whoever has the link, without comparing numbers; for scripts, and weaker';

function common(command: Command): Command {
  return command
    .option('--data-dir <dir>', 'folder for what Porthole keeps', valueOf('--data-dir', 'a folder'))
    .option('--json', 'one JSON object a line on standard output');
}

function connecting(command: Command): Command {
  return common(command)
    .addOption(
      new Option('--rendezvous <url>', 'server where two networks meet; may be repeated').argParser(
        listOf('--rendezvous', 'a URL'),
      ),
    )
    .addOption(
      new Option('--stun <url>', 'STUN server, stun:HOST:PORT; may be repeated').argParser(
        listOf('--stun', 'stun:HOST:PORT'),
      ),
    )
    .addOption(
      new Option('--turn <url>', 'TURN server, turn:USER@HOST:PORT; may be repeated').argParser(
        listOf('--turn', 'turn:USER@HOST:PORT'),
      ),
    )
    .option(
      '--turn-password-file <file>',
      'file with its password, which only you can read',
      valueOf('--turn-password-file', 'a file'),
    );
}

/** Commander takes whatever follows an option for its value; what looks like an option is none. */
function valueOf(option: string, what: string): (value: string) => string {
  return (value) => {
    if (!value.startsWith('--')) return value;
    throw portholeError('E_USAGE', { problem: `${option} needs ${what}.` });
  };
}

function listOf(option: string, what: string): (value: string, before?: string[]) => string[] {
  const read = valueOf(option, what);
  return (value, before = []) => [...before, read(value)];
}

function trustOf({ trustInvite }: TrustOptions): 'compare' | 'trust-invite' {
  return trustInvite === true ? 'trust-invite' : 'compare';
}

function connectionOf(options: ConnectionOptions, dataDir: string): Connection {
  const { rendezvous = [], stun = [], turn = [], turnPasswordFile } = options;
  return {
    dataDir,
    rendezvous,
    stun: stun.map(requireStunUrl),
    turn: { urls: turn.map(requireTurnArgument), passwordFile: turnPasswordFile },
  };
}

async function start(
  options: CommonOptions,
  make: Make,
  kind: 'command' | 'server' = 'command',
): Promise<void> {
  const reporter = createReporter(options.json === true ? 'json' : 'sentences');
  const dataDir = options.dataDir ?? defaultDataDir(process.env, process.platform);
  await runCommand(reporter, (signal) => make(reporter, dataDir)(signal), kind);
}
