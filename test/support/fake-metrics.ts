/** Counters as an engine has them, growing along smooth curves that anybody can compute. */
import type { MetricsSample, StatusView } from '../../src/shared/contract.ts';

/** Bytes that flowed by `at`: a rate that swells and falls, never below zero; nothing for a resting one. */
function bytesBy(at: number, index: number, scale: number): number {
  const seconds = at / 1000;
  const period = 9 + index * 2.3;
  const swing = Math.sin((2 * Math.PI * seconds) / period) * (period / (2 * Math.PI));
  const ripple = Math.sin(2 * Math.PI * seconds * 0.9 + index) / (2 * Math.PI * 0.9);
  return Math.round(scale * (seconds * 1.35 - swing - 0.12 * ripple));
}

/** Everything that is live and has a connection is busy. */
export function fakeMetrics(status: StatusView, at: number): MetricsSample {
  const flow = (
    connections: number,
    index: number,
  ): { received: number; sent: number; connections: number } => ({
    received: connections === 0 ? 0 : bytesBy(at, index, 40_000 * (index + 1)),
    sent: connections === 0 ? 0 : bytesBy(at + 700, index, 610_000 / (index + 1)),
    connections,
  });
  return {
    at,
    shares: status.shares.map(({ id, connections }, index) => ({
      id,
      ...flow(connections, index),
    })),
    forwards: status.forwards.map(({ share, peer, connections }, index) => ({
      share,
      peer,
      ...flow(connections, index + 1),
    })),
    peers: status.peers.map(({ id, connections, roundTripMs, loss }, index) => ({
      id,
      ...flow(connections, index),
      roundTripMs: roundTripMs === null ? null : roundTripMs + 3 * Math.sin(at / 1900 + index),
      loss: loss === null ? null : Math.max(0, loss + 0.004 * Math.sin(at / 2700)),
    })),
  };
}
