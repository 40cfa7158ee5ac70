/** Chooses the bridge by where the page is shown. */
import type { PageApi } from '../../shared/calls/page-api.ts';
import type { Bridge } from './bridge.ts';
import { pageBridge } from './page-bridge.ts';
import { SocketBridge } from './socket-bridge.ts';
import { takeToken } from './token.ts';

declare global {
  interface Window {
    readonly porthole?: PageApi;
  }
}

export function openBridge(): Bridge {
  if (window.porthole !== undefined) return pageBridge(window.porthole);
  return new SocketBridge({
    token: takeToken(),
    open: () => new WebSocket(`ws://${location.host}/calls`),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  });
}
