/** One carrier as the gate sees it: what is in flight, when more may be, ARRIVED both ways. */
import { describe, expect, it } from 'vitest';
import { FRAME, parseFrame, parseOffset } from '../../../src/engine/protocol/frame.ts';
import { LaneGate } from '../../../src/engine/tunnel/lane-gate.ts';
import {
  ARRIVED_DELAY_MS,
  ARRIVED_EVERY_BYTES,
  GATE_HIGH_WATER_BYTES,
  GATE_IN_FLIGHT_MIN_BYTES,
  GATE_LOW_WATER_BYTES,
} from '../../../src/shared/limits.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const E_PROTOCOL = expect.objectContaining({ code: 'E_PROTOCOL' });

function laneGate() {
  const clock = new VirtualClock();
  const sent: Uint8Array[] = [];
  const bench = { buffered: 0, rooms: 0 };
  const lane = new LaneGate(
    {
      dataPayloadBytes: 1234,
      send: (message) => sent.push(message),
      bufferedAmount: () => bench.buffered,
    },
    clock,
  );
  lane.belongTo(() => (bench.rooms += 1));
  const arriveds = (): number[] =>
    sent
      .filter(({ 0: type }) => type === FRAME.ARRIVED)
      .map((message) => parseOffset(parseFrame(message).payload));
  return { clock, lane, bench, sent, arriveds };
}

describe('a lane gate', () => {
  it('counts what is in flight, and is full at the limit of its path', () => {
    const { lane, bench } = laneGate();
    expect([lane.load, lane.isOpen, lane.dataPayloadBytes]).toEqual([0, true, 1234]);
    lane.send(new Uint8Array(GATE_IN_FLIGHT_MIN_BYTES - 1));
    expect(lane.isOpen).toBe(true);
    lane.send(new Uint8Array(1));
    expect([lane.load, lane.isOpen]).toEqual([1, false]);
    lane.onArrived(1);
    expect([lane.isOpen, bench.rooms]).toEqual([true, 1]);
    expect([lane.sentBytes, lane.arrivedBytes, lane.inFlightBytes]).toEqual([
      GATE_IN_FLIGHT_MIN_BYTES,
      1,
      GATE_IN_FLIGHT_MIN_BYTES - 1,
    ]);
  });

  it('is shut from the high water mark down to the low one', () => {
    const { lane, bench } = laneGate();
    bench.buffered = GATE_HIGH_WATER_BYTES;
    expect(lane.isOpen).toBe(true);
    bench.buffered += 1;
    expect(lane.isOpen).toBe(false);
    bench.buffered = GATE_LOW_WATER_BYTES + 1;
    expect(lane.isOpen).toBe(false);
    bench.buffered = GATE_LOW_WATER_BYTES;
    expect(lane.isOpen).toBe(true);
    lane.onDrained();
    expect(bench.rooms).toBe(1);
  });

  it('refuses an ARRIVED beyond what was sent, and ignores an old one', () => {
    const { lane, bench } = laneGate();
    lane.send(new Uint8Array(10));
    expect(() => lane.onArrived(11)).toThrow(E_PROTOCOL);
    lane.onArrived(10);
    lane.onArrived(10);
    lane.onArrived(4);
    expect([lane.inFlightBytes, bench.rooms]).toEqual([0, 1]);
  });

  it('says what arrived after a while, or at once when it is much; that itself is not counted', () => {
    const { clock, lane, arriveds } = laneGate();
    lane.countReceived(10);
    lane.countReceived(20);
    clock.advance(ARRIVED_DELAY_MS - 0.1);
    expect(arriveds()).toEqual([]);
    clock.advance(0.1);
    expect(arriveds()).toEqual([30]);
    lane.countReceived(ARRIVED_EVERY_BYTES - 1);
    lane.countReceived(1);
    expect(arriveds()).toEqual([30, 30 + ARRIVED_EVERY_BYTES]);
    clock.runUntilIdle();
    expect(arriveds()).toHaveLength(2);
    expect([lane.sentBytes, lane.inFlightBytes]).toEqual([0, 0]);
  });

  it('sends nothing, calls nobody and has no timer once it is closed', () => {
    const { clock, lane, bench, sent } = laneGate();
    lane.send(new Uint8Array(10));
    lane.countReceived(10);
    lane.close();
    lane.send(new Uint8Array(10));
    lane.onArrived(10);
    lane.onDrained();
    expect([sent.length, bench.rooms, clock.pendingTimers]).toEqual([1, 0, 0]);
    lane.countReceived(ARRIVED_EVERY_BYTES);
    expect(sent).toHaveLength(1);
  });
});
