/**
 * The web UI of a daemon: the page of the desktop app for a browser of this computer.
 *
 * Invariant: its token is new at every start and is known to nobody but pages that were given it. So
 * it does not matter who takes the port while Porthole is stopped: what a tab that was left open shows
 * there opens nothing.
 */
import { randomBytes } from 'node:crypto';
import type { CallHandlers } from '../../shared/calls/api.ts';
import type { Clock } from '../../shared/clock.ts';
import type { CallName } from '../../shared/contract.ts';
import { portholeError, toError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import { WEB_UI_TOKEN_BYTES } from '../../shared/limits.ts';
import { readPageFiles } from './page-files.ts';
import { rememberedPort, rememberPort } from './remembered-port.ts';
import { removeOpeningFile } from './welcome.ts';
import { WebUiServer } from './web-ui-server.ts';
import type { WebUiServerOptions } from './web-ui-server.ts';

export interface WebUiOptions {
  readonly dataDir: string;
  /** Where the files of the page are. */
  readonly folder: string;
  /** Null for the one of last time, or any. */
  readonly port: number | null;
  readonly handlers: CallHandlers<CallName>;
  readonly clock: Clock;
  /** Told of every failure inside a handler, for the log. */
  readonly onFault: (error: PortholeError) => void;
}

export class WebUi {
  readonly port: number;
  /** With the token: a secret. */
  readonly url: string;
  readonly #dataDir: string;
  readonly #server: WebUiServer;

  private constructor(dataDir: string, server: WebUiServer, token: string) {
    this.#dataDir = dataDir;
    this.#server = server;
    this.port = server.port;
    this.url = `http://127.0.0.1:${server.port}/#token=${token}`;
  }

  /** `undefined` when the page was not built. Rejects with E_UI_PORT for a port that was asked for. */
  static async open(options: WebUiOptions): Promise<WebUi | undefined> {
    const { dataDir, folder, port, handlers, clock, onFault } = options;
    const files = readPageFiles(folder);
    if (files === undefined) return undefined;
    const token = randomBytes(WEB_UI_TOKEN_BYTES).toString('base64url');
    const serverOptions = { files, token, handlers, clock, onFault };
    const server =
      port === null
        ? await listenWhereItWas(dataDir, serverOptions)
        : await listenWhereAsked(port, serverOptions);
    removeOpeningFile(dataDir);
    rememberPort(dataDir, server.port);
    return new WebUi(dataDir, server, token);
  }

  async close(): Promise<void> {
    removeOpeningFile(this.#dataDir);
    await this.#server.close();
  }
}

async function listenWhereAsked(port: number, options: WebUiServerOptions): Promise<WebUiServer> {
  try {
    return await WebUiServer.listen(port, options);
  } catch (cause) {
    throw portholeError('E_UI_PORT', { port, reason: reasonOf(cause) }, { cause });
  }
}

/** Anything else may have the port by now; then any other will do. */
async function listenWhereItWas(
  dataDir: string,
  options: WebUiServerOptions,
): Promise<WebUiServer> {
  const port = rememberedPort(dataDir);
  if (port !== undefined) {
    const server = await WebUiServer.listen(port, options).catch(() => undefined);
    if (server !== undefined) return server;
  }
  return await WebUiServer.listen(0, options);
}

function reasonOf(cause: unknown): string {
  const error = toError(cause);
  return 'code' in error ? String(error.code) : error.message;
}
