/**
 * RESUME: what two devices tell each other of the session they may have in common, and what follows
 * from it. Pure.
 *
 * The device with the smaller id decides: the other one tells what it has, the first answers with the
 * session that holds from now on. So both always agree, whatever order carriers come up in
 * (docs/protocol.md, "Resume").
 *
 * Invariant: what `ResumeReader` returns is whole and well-formed; anything a peer should not have
 * sent is a protocol error.
 */
import { create } from '@bufbuild/protobuf';
import { CARRIERS_MAX, RESUME_PARTS_MAX, RESUME_SOCKETS_PER_PART } from '../../shared/limits.ts';
import { protocolViolation } from '../protocol/frame.ts';
import { ResumeSchema } from '../protocol/generated/session_pb.ts';
import type { Resume } from '../protocol/generated/session_pb.ts';
import type { SocketState } from '../tunnel/tunnel-socket.ts';

/** A whole RESUME; ids are hexadecimal. */
export interface Account {
  readonly number: number;
  readonly isAnswer: boolean;
  /** The process that says so. */
  readonly instance: string;
  /** The session it is in, or was in last. */
  readonly session: string | undefined;
  readonly state: 'alive' | 'over';
  readonly holdMs: number;
  /** Lanes that work, as far as it knows. */
  readonly lanes: readonly string[];
  /** Lanes to send on; of a device that does not decide none. */
  readonly adopted: readonly string[];
  readonly controlNext: number;
  readonly sockets: readonly SocketState[];
}

/** The session of the side that looks at an account. */
export interface KnownSession {
  readonly id: string;
  readonly state: 'alive' | 'over';
  /** The process of the peer it was begun with. */
  readonly peerInstance: string;
}

// ── What follows ────────────────────────────────────────────────────────────────────────────────

/** `begin`: a new session; one that was alive is lost. `offer`: the peer has not heard of ours yet. */
export type Decision = 'resume' | 'offer' | 'begin';

/** For the device with the smaller id, when the other has told what it has. */
export function decide(own: KnownSession | undefined, account: Account): Decision {
  if (own === undefined || own.state === 'over') return 'begin';
  if (account.session === own.id) return account.state === 'alive' ? 'resume' : 'begin';
  // The same process cannot have forgotten a session it knew: it says so until it is over.
  return account.instance === own.peerInstance ? 'offer' : 'begin';
}

/** `begin`: a new session; one that was alive is lost. `stale`: that answer is overtaken. */
export type Following = 'resume' | 'begin' | 'stale';

/** For the device with the larger id, when the other has decided. */
export function follow(own: KnownSession | undefined, account: Account): Following {
  const { session } = account;
  if (session === undefined || account.state === 'over') return 'stale';
  if (own === undefined) return 'begin';
  if (own.id === session) return own.state === 'alive' ? 'resume' : 'stale';
  const isOlder =
    instanceOf(own.id) === instanceOf(session) && numberOf(session) < numberOf(own.id);
  return isOlder ? 'stale' : 'begin';
}

// ── Session ids ─────────────────────────────────────────────────────────────────────────────────

const INSTANCE_BYTES = 8;
const INSTANCE_DIGITS = 2 * INSTANCE_BYTES;
const SESSION_BYTES = INSTANCE_BYTES + 4;
const LANE_BYTES = 8;

/** A random name for this process. */
export function makeInstance(random: () => number): string {
  const bytes = Array.from({ length: INSTANCE_BYTES }, () => Math.floor(random() * 256));
  return Buffer.from(bytes).toString('hex');
}

/** Id of the `number`th session that the process `instance` decided on with one peer. */
export function makeSessionId(instance: string, number: number): string {
  return instance + number.toString(16).padStart(8, '0');
}

function instanceOf(session: string): string {
  return session.slice(0, INSTANCE_DIGITS);
}

function numberOf(session: string): number {
  return Number.parseInt(session.slice(INSTANCE_DIGITS), 16);
}

// ── On the wire ─────────────────────────────────────────────────────────────────────────────────

const SOCKET_BYTES = 16;

/** The parts to send. */
export function writeAccount(account: Account): Resume[] {
  const { sockets } = account;
  const parts = Math.max(1, Math.ceil(sockets.length / RESUME_SOCKETS_PER_PART));
  return Array.from({ length: parts }, (_, part) => {
    const from = part * RESUME_SOCKETS_PER_PART;
    return create(ResumeSchema, {
      number: account.number,
      part,
      parts,
      answer: account.isAnswer,
      instance: bytesOf(account.instance),
      session: bytesOf(account.session ?? ''),
      over: account.state === 'over',
      holdMs: account.holdMs,
      carriers: account.lanes.map(bytesOf),
      adopted: account.adopted.map(bytesOf),
      controlNext: account.controlNext,
      sockets: writeSockets(sockets.slice(from, from + RESUME_SOCKETS_PER_PART)),
    });
  });
}

/** Puts the parts of RESUMEs that come over one carrier together; of two the larger number counts, once. */
export class ResumeReader {
  readonly #parts = new Map<number, Resume>();
  /** Of the least RESUME that is still to be taken. */
  #number = 0;

  /** Takes a part; returns the account when it is whole. Throws `E_PROTOCOL`. */
  take(part: Resume): Account | undefined {
    requireWellFormed(part);
    if (part.number < this.#number) return undefined;
    if (part.number > this.#number) this.#parts.clear();
    this.#number = part.number;
    this.#parts.set(part.part, part);
    if (this.#parts.size < part.parts) return undefined;
    const parts = [...this.#parts.values()];
    this.#parts.clear();
    this.#number += 1;
    return readAccount(part, parts);
  }
}

function readAccount(any: Resume, parts: readonly Resume[]): Account {
  return {
    number: any.number,
    isAnswer: any.answer,
    instance: hexOf(any.instance),
    session: any.session.length === 0 ? undefined : hexOf(any.session),
    state: any.over ? 'over' : 'alive',
    holdMs: any.holdMs,
    lanes: any.carriers.map(hexOf),
    adopted: any.adopted.map(hexOf),
    controlNext: any.controlNext,
    sockets: parts.flatMap(({ sockets }) => readSockets(sockets)),
  };
}

function requireWellFormed(part: Resume): void {
  const isWellFormed =
    part.number > 0 &&
    part.parts >= 1 &&
    part.parts <= RESUME_PARTS_MAX &&
    part.part < part.parts &&
    part.instance.length === INSTANCE_BYTES &&
    (part.session.length === 0 || part.session.length === SESSION_BYTES) &&
    [part.carriers, part.adopted].every(isLaneList) &&
    part.sockets.length % SOCKET_BYTES === 0;
  if (!isWellFormed) throw protocolViolation('malformed RESUME');
}

function isLaneList(lanes: readonly Uint8Array[]): boolean {
  return lanes.length <= CARRIERS_MAX && lanes.every(({ length }) => length === LANE_BYTES);
}

function writeSockets(sockets: readonly SocketState[]): Uint8Array {
  const bytes = Buffer.alloc(sockets.length * SOCKET_BYTES);
  sockets.forEach(({ id, nextSeq, credit }, index) => {
    const at = index * SOCKET_BYTES;
    bytes.writeUInt32BE(id, at);
    bytes.writeUInt32BE(nextSeq, at + 4);
    bytes.writeBigUInt64BE(BigInt(credit), at + 8);
  });
  return bytes;
}

function readSockets(raw: Uint8Array): SocketState[] {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  return Array.from({ length: bytes.length / SOCKET_BYTES }, (_, index) => {
    const at = index * SOCKET_BYTES;
    const credit = Number(bytes.readBigUInt64BE(at + 8));
    if (credit > Number.MAX_SAFE_INTEGER) throw protocolViolation('offset beyond 2^53');
    return { id: bytes.readUInt32BE(at), nextSeq: bytes.readUInt32BE(at + 4), credit };
  });
}

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
