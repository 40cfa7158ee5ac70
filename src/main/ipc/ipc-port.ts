/**
 * Answers the calls of the windows' pages.
 *
 * Invariant: a message counts only when it comes from the main frame of a window that was attached,
 * while that frame is at the origin of the page; no other message has any effect. When a page goes
 * or another takes its place, every call it had open is aborted.
 */
import type { CallHandlers } from '../../shared/calls/api.ts';
import { CallServer } from '../../shared/calls/call-server.ts';
import type { CallName } from '../../shared/contract.ts';
import type { PortholeError } from '../../shared/errors.ts';
import { CALL_CHANNEL, REPLY_CHANNEL } from '../../shared/ipc-channels.ts';
import type { DesktopIpc, DesktopWindow, Sender, Stop } from '../desktop/desktop.ts';
import { PAGE_ORIGIN } from '../page-origin.ts';

export interface IpcPortOptions {
  readonly ipc: DesktopIpc;
  readonly handlers: CallHandlers<CallName>;
  /** A handler failed inside. */
  readonly onFault: (error: PortholeError) => void;
}

interface Caller {
  readonly window: DesktopWindow;
  /** `undefined`: its page was hung up on, until another takes its place. */
  server: CallServer | undefined;
}

export class IpcPort {
  readonly #options: IpcPortOptions;
  readonly #callers = new Map<number, Caller>();
  readonly #stop: Stop;

  constructor(options: IpcPortOptions) {
    this.#options = options;
    this.#stop = options.ipc.listen(CALL_CHANNEL, (sender, message) =>
      this.#onMessage(sender, message),
    );
  }

  /** Answers the page of this window from now on. */
  attach(window: DesktopWindow): void {
    this.#callers.set(window.pageId, { window, server: this.#serve(window) });
  }

  /** Another page is in the window now, or the same one anew: it has no calls open. */
  replaced(window: DesktopWindow): void {
    const caller = this.#callers.get(window.pageId);
    if (caller === undefined) return;
    caller.server?.close();
    caller.server = this.#serve(window);
  }

  /** The window has gone. */
  detach({ pageId }: { readonly pageId: number }): void {
    this.#callers.get(pageId)?.server?.close();
    this.#callers.delete(pageId);
  }

  close(): void {
    this.#stop();
    for (const { window } of this.#callers.values()) this.detach(window);
  }

  #onMessage({ pageId, frame, origin }: Sender, message: unknown): void {
    if (frame !== 'main' || origin !== PAGE_ORIGIN) return;
    if (typeof message === 'string') this.#callers.get(pageId)?.server?.onMessage(message);
  }

  #serve(window: DesktopWindow): CallServer {
    const { handlers, onFault } = this.#options;
    const send = (message: string): void => window.send(REPLY_CHANNEL, message);
    return new CallServer({
      handlers,
      onFault,
      send,
      sendLast: (message) => {
        send(message);
        const caller = this.#callers.get(window.pageId);
        if (caller !== undefined) caller.server = undefined;
      },
    });
  }
}
