/**
 * A signaling connection of its own WebSocket: between a guest and a signaling server.
 *
 * Invariant: bounded as every BoundedChannel is; pings count as messages.
 */
import type { RawData, WebSocket } from 'ws';

import type { Clock } from '../../shared/clock.ts';
import { SIGNALING_BYTES_MAX, SIGNALING_MESSAGES_MAX } from '../../shared/limits.ts';
import { BoundedChannel, type SignalingChannel, type Transport } from './channel.ts';

/** What both ends ask of ws: small messages, no compression. */
export const WEBSOCKET_OPTIONS = {
  maxPayload: SIGNALING_BYTES_MAX,
  maxFragments: SIGNALING_MESSAGES_MAX,
  perMessageDeflate: false,
} as const;

export interface WebSocketChannelOptions {
  readonly clock: Clock;
  /** The first message must have come by then, ms. */
  readonly firstMessageMs: number;
  /** The connection ends then, ms. */
  readonly lifeMs: number;
}

/** A SignalingChannel over an open or opening WebSocket. */
export function webSocketChannel(
  socket: WebSocket,
  options: WebSocketChannelOptions,
): SignalingChannel {
  const channel = new BoundedChannel({ ...options, transport: transportOf(socket) });
  socket.on('message', (data, isBinary) => {
    const bytes = joined(data);
    channel.receive(isBinary ? bytes : bytes.toString('utf8'));
  });
  socket.on('ping', () => channel.admit());
  socket.on('pong', () => channel.admit());
  socket.on('error', () => channel.end('the connection failed'));
  socket.on('close', () => channel.carrierClosed());
  return channel;
}

/** The bytes of one message. */
export function joined(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function transportOf(socket: WebSocket): Transport {
  return {
    unsentBytes: () => socket.bufferedAmount,
    send: (data) => socket.send(data, () => {}),
    close: () => socket.close(1000),
    terminate: () => socket.terminate(),
  };
}
