/**
 * Runs before the page, in a world of its own, and gives it `window.porthole`: the calls of the
 * contract. Bundled into one CommonJS file, for a sandboxed preload script can be nothing else.
 *
 * Invariant: nothing of Electron is reachable from what it gives.
 */
import { contextBridge, ipcRenderer } from 'electron';
import { CallClient } from '../shared/calls/call-client.ts';
import { exposeCalls } from '../shared/calls/page-api.ts';
import { CALL_CHANNEL, REPLY_CHANNEL } from '../shared/ipc-channels.ts';

const client: CallClient = new CallClient({
  send: (message) => ipcRenderer.send(CALL_CHANNEL, message),
  onRefused: (cause) => client.close(cause),
});

ipcRenderer.on(REPLY_CHANNEL, (_event, message: unknown) => {
  if (typeof message === 'string') client.onMessage(message);
});

contextBridge.exposeInMainWorld('porthole', exposeCalls(client));
