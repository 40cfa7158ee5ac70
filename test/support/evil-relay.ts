/**
 * A signaling server in the middle that does what it wants with each message.
 */
import { once } from 'node:events';

import { type RawData, WebSocket, WebSocketServer } from 'ws';

import type { Invite } from '../../src/engine/pairing/invite.ts';
import { closeLater, endpointOf, portOf } from './pairing-computers.ts';

export type Direction = 'to-sharer' | 'to-joiner';
export interface Passing {
  readonly direction: Direction;
  /** Counts the messages of this direction and connection from 0. */
  readonly index: number;
  readonly data: Buffer;
  /** Sends to whom this message was meant. */
  readonly forward: (data: Buffer | string) => void;
  /** Sends back to where it came from. */
  readonly reflect: (data: Buffer | string) => void;
}

/** A signaling server in the middle that does what `evil` does with each message. */
export async function startRelay(
  target: number,
  evil: (passing: Passing) => void,
): Promise<number> {
  const relay = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(relay, 'listening');
  relay.on('connection', (down, upgrade) => {
    const up = new WebSocket(`ws://127.0.0.1:${target}${upgrade.url ?? ''}`);
    const opened = new Promise<void>((resolve) => up.once('open', () => resolve()));
    const pass = (direction: Direction, from: WebSocket, to: WebSocket): void => {
      let index = 0;
      from.on('message', (data: RawData, isBinary) => {
        if (!Buffer.isBuffer(data)) throw new TypeError('not one buffer');
        // Refusals go through as they are.
        if (!isBinary) return to.send(data.toString(), () => {});
        const passing = { direction, index: index++, data };
        void opened.then(() =>
          evil({
            ...passing,
            forward: (sent) => to.send(sent, () => {}),
            reflect: (sent) => from.send(sent, () => {}),
          }),
        );
      });
      from.on('error', () => {});
      from.on('close', () => to.close());
    };
    pass('to-sharer', down, up);
    pass('to-joiner', up, down);
  });
  closeLater(async () => {
    for (const client of relay.clients) client.terminate();
    relay.close();
    await once(relay, 'close');
  });
  return portOf(relay.address());
}

export function flipped(data: Buffer, at: number): Buffer {
  const changed = Buffer.from(data);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

export const through = (invite: Invite, port: number): Invite => ({
  ...invite,
  endpoints: [endpointOf(port)],
});
