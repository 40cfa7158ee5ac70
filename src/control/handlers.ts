/** Answers the calls of the contract with an engine: the one place where the two meet. */
import type { Engine } from '../engine/engine.ts';
import type { EngineEvent } from '../shared/contract.ts';
import { toError } from '../shared/errors.ts';
import type { CallHandlers } from './api.ts';
import type { LogBook } from './log-book.ts';

/** Tells everybody who listens. */
export interface EventHub {
  /** Returns how to stop listening. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
}

export interface HandlersOptions {
  readonly engine: Engine;
  readonly events: EventHub;
  readonly log: LogBook;
  /** Of Porthole. */
  readonly version: string;
}

export function handlersOf({ engine, events, log, version }: HandlersOptions): CallHandlers {
  return {
    status: async () => ({
      pid: process.pid,
      version,
      device: engine.device,
      deviceName: engine.deviceName,
      connections: engine.connections,
      shares: engine.shares(),
      forwards: engine.forwards(),
      peers: engine.peers(),
    }),
    share: async (params) => engine.share(params),
    unshare: async (params) => engine.unshare(params),
    grant: async (params) => engine.grant(params),
    revoke: async (params) => engine.revoke(params),
    forget: async (params) => engine.forget(params),
    connect: (params) => engine.connect(params),
    disconnect: async (params) => engine.disconnect(params),
    invite: (params, talk) => engine.invite(params, talk),
    join: (params, talk) => engine.join(params, talk),
    follow: async (_params, talk) => {
      const stop = events.subscribe((event) => talk.emit(event));
      return await untilAborted(talk.signal, stop);
    },
    logs: async ({ until }, talk) => {
      for (const entry of log.recent()) talk.emit(entry);
      if (until === 'now') return {};
      const stop = log.subscribe((entry) => talk.emit(entry));
      return await untilAborted(talk.signal, stop);
    },
  };
}

/** Never resolves: the caller has enough when it aborts. */
function untilAborted(signal: AbortSignal, stop: () => void): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => {
      stop();
      reject(toError(signal.reason));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
