/**
 * How many carriers a session should send on, and with what buffers, from what was measured of the
 * path. Pure.
 *
 * One SCTP association halves its window at each loss, so it moves no more than about
 * 1.22 × packet / (round trip × √loss) (Mathis et al., "The Macroscopic Behavior of the TCP Congestion
 * Avoidance Algorithm", 1997), and never more than its buffers / round trip. Several move several
 * times that; on a path where one is enough they only cost processor time and NAT mappings.
 */
import {
  DATACHANNEL_MTU_BYTES,
  DATACHANNEL_DATA_BYTES,
  LANE_FAR_BYTES,
  LANE_NEAR_BYTES,
  LANE_TARGET_BYTES_PER_MS,
  LANES_MAX,
  SCTP_FAR_BUFFER_BYTES,
  SCTP_NEAR_BUFFER_BYTES,
} from '../../shared/limits.ts';

/** Buffers of an association: for usual paths, or for long ones. */
export type PathKind = 'near' | 'far';

export interface LanePlan {
  /** 1 to `LANES_MAX`. */
  readonly lanes: number;
  readonly path: PathKind;
}

export interface PathMeasure {
  /** ms; 0 when not known. */
  readonly roundTripMs: number;
  /** Share of packets that are lost, 0 to 1. */
  readonly loss: number;
  /** What the fullest lane may have in flight, bytes. */
  readonly inFlightBytes: number;
}

/**
 * What any path loses now and then, if only by a queue that overflowed once: half of a full window is
 * gone then, and at 50 ms one association takes half a minute to have it back.
 */
const LOSS_LEAST = 1e-5;

/** The constant of the formula, for an acknowledgement of every packet. */
const MATHIS = 1.22;

const PACKETS_PER_FRAME = Math.ceil(DATACHANNEL_DATA_BYTES / DATACHANNEL_MTU_BYTES);

/** `path` is the one in use: between the two limits it stays. */
export function planLanes(measure: PathMeasure, path: PathKind): LanePlan {
  const { roundTripMs, loss } = measure;
  const kind = planPath(measure, path);
  if (roundTripMs === 0) return { lanes: 1, path: kind };
  const buffer = kind === 'far' ? SCTP_FAR_BUFFER_BYTES : SCTP_NEAR_BUFFER_BYTES;
  const byLoss =
    (MATHIS * DATACHANNEL_MTU_BYTES) / (roundTripMs * Math.sqrt(Math.max(loss, LOSS_LEAST)));
  const each = Math.min(byLoss, buffer / roundTripMs);
  const lanes = Math.min(LANES_MAX, Math.max(1, Math.ceil(LANE_TARGET_BYTES_PER_MS / each)));
  return { lanes, path: kind };
}

/** Larger buffers where one lane fills the usual ones: a new association starts slowly, so not before. */
function planPath({ inFlightBytes }: PathMeasure, path: PathKind): PathKind {
  if (inFlightBytes >= LANE_FAR_BYTES) return 'far';
  return inFlightBytes < LANE_NEAR_BYTES ? 'near' : path;
}

/** Share of packets lost: each hole is one. */
export function lossOf(frames: number, holes: number): number {
  return frames === 0 ? 0 : Math.min(1, holes / frames / PACKETS_PER_FRAME);
}
