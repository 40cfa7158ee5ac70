/** The bounds of a signaling channel, whatever carries it. */
import { describe, expect, test } from 'vitest';

import {
  BoundedChannel,
  type SignalingChannel,
  type Transport,
} from '../../src/engine/signaling/channel.ts';
import {
  encodeSignalingMessage,
  type SignalingMessage,
} from '../../src/engine/signaling/envelope.ts';
import { RateLimit } from '../../src/engine/signaling/rate-limit.ts';
import {
  SIGNALING_BUFFERED_BYTES_MAX,
  SIGNALING_CLOSE_MS,
  SIGNALING_MESSAGES_MAX,
  SIGNALING_MESSAGES_PER_SECOND_MAX,
} from '../../src/shared/limits.ts';
import { HandClock } from '../support/pairing-computers.ts';

const message: SignalingMessage = { kind: 'refusal', reason: 'used' };
const wire = encodeSignalingMessage(message);

/** A carrier that sends nothing on its way, as a network that has stopped. */
class StuckTransport implements Transport {
  readonly done: string[] = [];
  unsent = 0;

  unsentBytes(): number {
    return this.unsent;
  }

  send(data: Uint8Array | string): void {
    this.unsent += data.length;
    this.done.push('send');
  }

  close(): void {
    this.done.push('close');
  }

  terminate(): void {
    this.done.push('terminate');
  }
}

function open() {
  const clock = new HandClock();
  const transport = new StuckTransport();
  const channel = new BoundedChannel({ transport, clock, firstMessageMs: 10, lifeMs: 100 });
  const got: string[] = [];
  const start = (on: SignalingChannel): void =>
    on.start({
      onMessage: ({ kind }) => got.push(kind),
      onClosed: (reason) => got.push(reason),
    });
  return { clock, transport, channel, got, start: () => start(channel) };
}

describe('a bounded channel', () => {
  test('is ended when the other side does not read', () => {
    const { channel, transport, got, start } = open();
    start();
    const largest = { salt: new Uint8Array(16), sequence: 0, sealed: new Uint8Array(16_000) };
    while (transport.unsent <= SIGNALING_BUFFERED_BYTES_MAX - 16_384) {
      channel.send({ kind: 'envelope', envelope: largest });
    }
    expect(transport.done).not.toContain('terminate');
    channel.send({ kind: 'envelope', envelope: largest });
    channel.send({ kind: 'envelope', envelope: largest });
    expect(transport.done.slice(-2)).toEqual(['send', 'terminate']);
    channel.carrierClosed();
    channel.carrierClosed();
    expect(got).toEqual(['it reads too slowly']);
  });

  test('keeps what came before the start, and says that it is closed after it', () => {
    const { channel, got, start } = open();
    channel.receive(wire);
    channel.carrierClosed();
    start();
    expect(got).toEqual(['refusal', 'the connection was closed']);
  });

  test('ends without a first message, and at the end of its life', () => {
    const silent = open();
    silent.clock.turn(10);
    expect(silent.transport.done).toEqual(['terminate']);
    const talking = open();
    talking.start();
    talking.channel.receive(wire);
    talking.clock.turn(99);
    expect(talking.transport.done).toEqual([]);
    talking.clock.turn(1);
    talking.channel.carrierClosed();
    expect(talking.got).toEqual(['refusal', 'no answer in time']);
  });

  test('takes so many messages in a second, and so many in all', () => {
    const fast = open();
    fast.start();
    for (let count = 0; count < SIGNALING_MESSAGES_PER_SECOND_MAX + 2; count++) {
      fast.channel.receive(wire);
    }
    fast.channel.carrierClosed();
    expect(fast.got).toHaveLength(SIGNALING_MESSAGES_PER_SECOND_MAX + 1);
    expect(fast.got.at(-1)).toBe('too many messages');
    const clock = new HandClock();
    const transport = new StuckTransport();
    const slow = new BoundedChannel({ transport, clock, firstMessageMs: 1e6, lifeMs: 1e6 });
    for (let count = 0; count < SIGNALING_MESSAGES_MAX; count++) {
      slow.receive(wire);
      clock.turn(1000);
    }
    expect(transport.done).toEqual([]);
    slow.receive(wire);
    expect(transport.done).toEqual(['terminate']);
  });

  test('waits for a goodbye, and not for ever', () => {
    const { channel, transport, clock, got, start } = open();
    start();
    channel.close();
    channel.close();
    channel.receive(wire);
    expect(transport.done).toEqual(['close']);
    clock.turn(SIGNALING_CLOSE_MS);
    expect(transport.done).toContain('terminate');
    channel.carrierClosed();
    expect(got).toEqual(['the connection was closed']);
  });
});

test('a rate begins anew after a second', () => {
  const clock = new HandClock();
  const rate = new RateLimit(clock, 2);
  const three = (): string[] => [rate.admit(), rate.admit(), rate.admit()];
  expect(three()).toEqual(['admitted', 'admitted', 'refused']);
  clock.turn(999);
  expect(rate.admit()).toBe('refused');
  clock.turn(1);
  expect(three()).toEqual(['admitted', 'admitted', 'refused']);
});
