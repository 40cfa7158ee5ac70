import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ControlStream } from '../../../src/engine/link/control-stream.ts';
import {
  encodeCredit,
  encodeFrame,
  FRAME,
  parseFrame,
} from '../../../src/engine/protocol/frame.ts';
import {
  ControlSchema,
  ShareSchema,
  SharesSchema,
} from '../../../src/engine/protocol/generated/session_pb.ts';
import type { Control } from '../../../src/engine/protocol/generated/session_pb.ts';
import { CONTROL_BYTES_MAX, CONTROL_WAITING_MAX } from '../../../src/shared/limits.ts';
import { seededRandom } from '../../../src/shared/random.ts';
import { linkPair } from '../../support/link-pair.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const E_PROTOCOL = expect.objectContaining({ code: 'E_PROTOCOL' });

function shares(name: string): Control['kind'] {
  const share = create(ShareSchema, { id: Uint8Array.of(1), name, port: 80 });
  return { case: 'shares', value: create(SharesSchema, { shares: [share] }) };
}

function message(seq: number, kind: Control['kind'] = shares(String(seq))): Uint8Array {
  const payload = toBinary(ControlSchema, create(ControlSchema, { kind }));
  return encodeFrame({ type: FRAME.CONTROL, socketId: 0, seq, payload });
}

function stream() {
  const sent: Uint8Array[] = [];
  const handled: string[] = [];
  const control = new ControlStream(
    (bytes) => sent.push(bytes),
    (kind) => handled.push(kind.case === 'shares' ? (kind.value.shares[0]?.name ?? '') : 'unknown'),
  );
  const feed = (bytes: Uint8Array): void => control.onFrame(parseFrame(bytes));
  return { control, sent, handled, feed };
}

describe('CONTROL', () => {
  it('is handled once each, in the order it was sent, and acknowledged', () => {
    const { sent, handled, feed } = stream();
    for (const seq of [2, 0, 0, 2, 1, 3]) feed(message(seq));
    expect(handled).toEqual(['0', '1', '2', '3']);
    const acks = sent.map(parseFrame);
    expect(acks.every(({ type, socketId }) => type === FRAME.CREDIT && socketId === 0)).toBe(true);
    expect(acks.map(({ seq }) => seq)).toEqual([0, 1, 1, 1, 3, 4]);
  });

  it('is numbered from 0', () => {
    const { control, sent } = stream();
    control.send(shares('a'));
    control.send(shares('b'));
    const frames = sent.map(parseFrame);
    expect(frames.map(({ type, socketId, seq }) => [type, socketId, seq])).toEqual([
      [FRAME.CONTROL, 0, 0],
      [FRAME.CONTROL, 0, 1],
    ]);
    expect(frames.map(({ payload }) => fromBinary(ControlSchema, payload).kind.case)).toEqual([
      'shares',
      'shares',
    ]);
  });

  it('that this version does not know is passed over', () => {
    const { handled, feed } = stream();
    feed(
      encodeFrame({
        type: FRAME.CONTROL,
        socketId: 0,
        seq: 0,
        payload: Uint8Array.of(0xfa, 0x01, 0x01, 0x00),
      }),
    );
    feed(message(1));
    expect(handled).toEqual(['unknown', '1']);
  });

  it('is acknowledged only as far as it was sent', () => {
    const { control, feed } = stream();
    feed(encodeCredit(0, 0, 0));
    control.send(shares('a'));
    feed(encodeCredit(0, 1, 0));
    expect(() => feed(encodeCredit(0, 2, 0))).toThrow(E_PROTOCOL);
  });

  it('may be so large and wait so long, and no more', () => {
    const { feed } = stream();
    const empty = toBinary(ControlSchema, create(ControlSchema, { kind: shares('') })).length;
    const name = 'x'.repeat(CONTROL_BYTES_MAX - empty - 8);
    feed(message(0, shares(name)));
    expect(() =>
      feed(
        encodeFrame({
          type: FRAME.CONTROL,
          socketId: 0,
          seq: 1,
          payload: new Uint8Array(CONTROL_BYTES_MAX + 1),
        }),
      ),
    ).toThrow('oversized');
    for (let ahead = 0; ahead < CONTROL_WAITING_MAX; ahead++) feed(message(2 + ahead));
    expect(() => feed(message(2 + CONTROL_WAITING_MAX))).toThrow(E_PROTOCOL);
  });

  it('blames the peer for what cannot be parsed, and not for what fails here', () => {
    const { feed } = stream();
    expect(() =>
      feed(encodeFrame({ type: FRAME.CONTROL, socketId: 0, seq: 0, payload: Uint8Array.of(0xff) })),
    ).toThrow(E_PROTOCOL);
    const failing = new ControlStream(
      () => undefined,
      () => {
        throw new TypeError('a bug of ours');
      },
    );
    expect(() => failing.onFrame(parseFrame(message(0)))).toThrow(TypeError);
  });
});

describe('the list of shares', () => {
  it('arrives whole and in order over a bad carrier', () => {
    const clock = new VirtualClock();
    const { sides } = linkPair({
      clock,
      random: seededRandom(5),
      faults: { delayMs: [1, 80] },
      duplicates: 0.3,
    });
    clock.advance(1000);
    for (let count = 0; count < 20; count++) {
      sides[0].link.announce(
        Array.from({ length: count }, (_, index) => ({
          id: Uint8Array.of(index),
          name: `share ${index}`,
          port: 8000 + index,
          loopback: true,
          down: index === 3,
        })),
      );
    }
    clock.advance(1000);
    expect(sides[1].log.shares.map((list) => list.length)).toEqual(
      Array.from({ length: 20 }, (_, count) => count),
    );
    expect(sides[1].log.shares.at(-1)?.at(-1)).toMatchObject({ name: 'share 18', port: 8018 });
    expect(sides[1].log.shares.at(-1)?.filter(({ down }) => down)).toHaveLength(1);
    expect(sides[0].log.shares).toEqual([]);
    sides[0].link.close();
    clock.runUntilIdle(5000);
  });
});
