/** Frames of a hostile peer: valid ones, and the same damaged in every way a seed can think of. */
import { create } from '@bufbuild/protobuf';
import { encodeHandshake } from '../../src/engine/link/handshake.ts';
import {
  encodeArrived,
  encodeClose,
  encodeCredit,
  encodeFin,
  encodeFrame,
} from '../../src/engine/protocol/frame.ts';
import {
  ByeSchema,
  PingSchema,
  PongSchema,
} from '../../src/engine/protocol/generated/session_pb.ts';
import { connect, control, data, HANDSHAKE, NOTHING, resume, socketState } from './attack.ts';

export class Mutator {
  readonly #random: () => number;
  #socketId = 0;
  #seq = 0;
  #resumes = 0;
  #damageRate = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next frame, as it should be or damaged in one of many ways. */
  next(): Uint8Array {
    const frame = this.#valid();
    return this.#random() < this.#damageRate ? this.#damage(frame) : frame;
  }

  below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  /** Begins anew for a link: some are damaged at once, others live for hundreds of frames. */
  reset(): void {
    this.#socketId = 0;
    this.#seq = 0;
    this.#resumes = 1;
    this.#damageRate = this.#random() ** 4;
  }

  #newSocket(): Uint8Array {
    this.#socketId += 2;
    this.#seq = 1;
    return connect(this.#socketId, this.below(100_000));
  }

  #valid(): Uint8Array {
    const id = this.#socketId;
    if (id === 0) return this.#newSocket();
    switch (this.below(16)) {
      case 0:
      case 1:
        return this.#newSocket();
      case 2:
        return data(id, this.#seq++, 1 + this.below(20_000));
      case 3:
        return this.#last(encodeFin(id, this.#seq++));
      case 4: {
        const close = { reason: this.below(3000), text: 'x'.repeat(this.below(200)) };
        const order = this.below(2) === 0 ? 'in-order' : 'at-once';
        return this.#last(encodeClose(id, this.#seq++, { ...close, order }));
      }
      case 5:
        return encodeCredit(id, 0, this.below(1_000_000));
      case 6:
        return encodeArrived(this.below(20));
      case 7:
        return control(this.below(4));
      case 8:
        return this.below(20) === 0
          ? (HANDSHAKE[this.below(4)] as Uint8Array)
          : data(id, this.#seq++, 1);
      case 9:
        return this.#unordered();
      case 10:
        // A late or repeated one of an earlier socket.
        return data(2 + 2 * this.below(id / 2), 1 + this.below(3), 1);
      case 11:
        return encodeFrame({
          type: 0x80 + this.below(128),
          socketId: this.below(9),
          seq: 0,
          payload: NOTHING,
        });
      default:
        return data(id, this.#seq++, 1 + this.below(300));
    }
  }

  /** Behind the last frame of a socket another one begins, mostly. */
  #last(frame: Uint8Array): Uint8Array {
    if (this.below(8) > 0) this.#socketId += 2;
    this.#seq = this.below(4) === 0 ? 0 : 1;
    return frame;
  }

  #unordered(): Uint8Array {
    switch (this.below(6)) {
      case 0:
        return encodeHandshake({ case: 'pong', value: create(PongSchema, { id: this.below(3) }) });
      case 1:
        return this.below(20) === 0
          ? encodeHandshake({ case: 'bye', value: create(ByeSchema, { reason: this.below(6000) }) })
          : data(this.#socketId, this.#seq++, 1);
      case 2:
        // Of a later version.
        return encodeHandshake({ case: undefined });
      case 3:
        return this.#resume();
      default:
        return encodeHandshake({ case: 'ping', value: create(PingSchema, { id: this.below(9) }) });
    }
  }

  /** As after a carrier that was lost, now whole, now the first of two parts. */
  #resume(): Uint8Array {
    this.#resumes += 1;
    const sockets = socketState(this.#socketId, 0, BigInt(this.below(300_000)));
    const carriers = this.below(2) === 0 ? [] : [new Uint8Array(8)];
    const parts = this.below(8) === 0 ? 2 : 1;
    const kind = this.below(20) === 0 ? 'asks' : 'begins';
    return resume(kind, {
      number: this.#resumes,
      parts,
      sockets,
      carriers,
      over: this.below(9) > 7,
    });
  }

  #damage(frame: Uint8Array): Uint8Array {
    const bytes = frame.slice();
    switch (this.below(8)) {
      case 0:
        return this.#flip(bytes, 1);
      case 1:
        return this.#flip(bytes, 1 + this.below(8));
      case 2:
        return bytes.subarray(0, this.below(bytes.length + 1));
      case 3:
        return Buffer.concat([bytes, this.#valid()]);
      case 4:
        return Buffer.concat([
          bytes.subarray(0, this.below(bytes.length)),
          this.#valid().subarray(this.below(9)),
        ]);
      case 5:
        // A lie about a number: socket id, sequence number, or the start of the payload.
        bytes.set(
          [0, 0, 0, this.below(256)]
            .map((byte) => (this.below(4) === 0 ? 255 : byte))
            .slice(0, Math.min(4, bytes.length - 1)),
          1 + Math.min(4 * this.below(3), Math.max(0, bytes.length - 5)),
        );
        return bytes;
      case 6:
        bytes[0] = this.below(256);
        return bytes;
      default:
        // The same once more, out of order: a neighbour's number.
        bytes[Math.min(8, bytes.length - 1)] =
          (bytes[Math.min(8, bytes.length - 1)] as number) + this.below(5) - 2;
        return bytes;
    }
  }

  #flip(bytes: Uint8Array, flips: number): Uint8Array {
    for (let flip = 0; flip < flips; flip++) {
      const at = this.below(this.below(2) === 0 ? Math.min(9, bytes.length) : bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 << this.below(8));
    }
    return bytes;
  }
}
