/**
 * Whether this Linux desktop shows tray icons: whether somebody on the session bus takes the icons of
 * the StatusNotifierItem protocol, which is the only one that Electron speaks.
 *
 * Invariant: asks with the first tool that is there, waits for TRAY_PRESENCE_TIMEOUT_MS at most, and
 * takes whatever it does not understand for `missing`: the app works without a tray, and an icon
 * that nobody shows helps no one.
 */
import { execFile } from 'node:child_process';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { TRAY_MISSING_MS, TRAY_PRESENCE_TIMEOUT_MS, TRAY_SHOWN_MS } from '../../shared/limits.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const PROPERTY = 'IsStatusNotifierHostRegistered';
/** More than any answer has. */
const ANSWER_BYTES_MAX = 4096;

/** `watcher`: the name of its connection to the bus. Another one has forgotten all icons. */
export type TrayPresence =
  | { readonly kind: 'shown'; readonly watcher: string }
  | { readonly kind: 'missing' };

export interface TrayPresenceOptions {
  /** Where tools are looked for, and which bus they ask. */
  readonly env: NodeJS.ProcessEnv;
  /** Aborted when nobody wants to know any more. */
  readonly signal: AbortSignal;
}

/** A command that asks the bus: its arguments, without a blank in any. */
interface Tool {
  readonly file: string;
  readonly host: string;
  readonly owner: string;
}

const BUS = 'org.freedesktop.DBus';
const BUS_PATH = '/org/freedesktop/DBus';
const WATCHER_PATH = '/StatusNotifierWatcher';
const GET = `${BUS}.Properties.Get`;
const TOOLS: readonly Tool[] = [
  {
    file: 'busctl',
    host: `--user get-property ${WATCHER} ${WATCHER_PATH} ${WATCHER} ${PROPERTY}`,
    owner: `--user call ${BUS} ${BUS_PATH} ${BUS} GetNameOwner s ${WATCHER}`,
  },
  {
    file: 'gdbus',
    host: `call --session --dest ${WATCHER} --object-path ${WATCHER_PATH} --method ${GET} ${WATCHER} ${PROPERTY}`,
    owner: `call --session --dest ${BUS} --object-path ${BUS_PATH} --method ${BUS}.GetNameOwner ${WATCHER}`,
  },
  {
    file: 'dbus-send',
    host: `--session --print-reply --dest=${WATCHER} ${WATCHER_PATH} ${GET} string:${WATCHER} string:${PROPERTY}`,
    owner: `--session --print-reply --dest=${BUS} ${BUS_PATH} ${BUS}.GetNameOwner string:${WATCHER}`,
  },
];

/** Asks the session bus now. Never rejects. */
export async function detectTray(options: TrayPresenceOptions): Promise<TrayPresence> {
  for (const tool of TOOLS) {
    const owner = await ask(tool.file, tool.owner, options);
    if (owner === 'no-tool') continue;
    const watcher = readOwner(owner);
    if (watcher === null) return { kind: 'missing' };
    const host = await ask(tool.file, tool.host, options);
    return readHost(host) ? { kind: 'shown', watcher } : { kind: 'missing' };
  }
  return { kind: 'missing' };
}

/** The unique name (`:1.42`) in the answer of one of the tools; null when there is none. */
export function readOwner(answer: string): string | null {
  return /["'](:[\d.]+)["']/.exec(answer)?.[1] ?? null;
}

/** Whether the answer of one of the tools is yes: `b true`, `(<true>,)`, `variant boolean true`. */
export function readHost(answer: string): boolean {
  return /\btrue\b/.test(answer);
}

/** What the tool said; empty when it failed or took too long. */
function ask(file: string, args: string, { env, signal }: TrayPresenceOptions): Promise<string> {
  const options = {
    env,
    signal,
    timeout: TRAY_PRESENCE_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: ANSWER_BYTES_MAX,
    encoding: 'utf8',
  } as const;
  return new Promise((resolve) => {
    execFile(file, args.split(' '), options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else resolve(error.code === 'ENOENT' ? 'no-tool' : '');
    });
  });
}

export interface TrayPresenceWatchOptions {
  readonly clock: Clock;
  readonly detect: (signal: AbortSignal) => Promise<TrayPresence>;
  /** Told at first, and whenever it is another one. */
  readonly onChange: (presence: TrayPresence) => void;
}

/** Looks again and again whether there is a place for an icon: panels come, crash and come back. */
export class TrayPresenceWatch {
  readonly #options: TrayPresenceWatchOptions;
  readonly #end = new AbortController();
  #told: TrayPresence | null = null;
  #cancelTimer: CancelTimer = () => {};

  constructor(options: TrayPresenceWatchOptions) {
    this.#options = options;
  }

  /** Looks now, and from then on by itself; resolves when the first answer was told. */
  async start(): Promise<void> {
    const presence = await this.#options.detect(this.#end.signal);
    if (this.#end.signal.aborted) return;
    const isNew = JSON.stringify(presence) !== JSON.stringify(this.#told);
    this.#told = presence;
    const againMs = presence.kind === 'shown' ? TRAY_SHOWN_MS : TRAY_MISSING_MS;
    this.#cancelTimer = this.#options.clock.after(againMs, () => void this.start());
    if (isNew) this.#options.onChange(presence);
  }

  close(): void {
    this.#cancelTimer();
    this.#end.abort(new Error('closed'));
  }
}
