import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME, type Frame } from '../../../src/engine/protocol/frame.ts';
import { Reassembler } from '../../../src/engine/protocol/reassembly.ts';
import { serialAdd } from '../../../src/engine/protocol/serial.ts';
import { UNACKED_FRAMES_MAX } from '../../../src/shared/limits.ts';

const E_PROTOCOL = expect.objectContaining({ code: 'E_PROTOCOL' });

function frame(seq: number, payload: Uint8Array = new Uint8Array(0)): Frame {
  return { type: FRAME.DATA, socketId: 1, seq, payload };
}

/** What comes out of a reassembler that is fed `frames`, in order. */
function reassemble(frames: readonly Frame[], firstSeq: number): Frame[] {
  const reassembler = new Reassembler(firstSeq);
  const out: Frame[] = [];
  for (const next of frames) {
    if (reassembler.place(next) !== 'next') continue;
    out.push(next);
    for (let more = reassembler.take(); more !== undefined; more = reassembler.take())
      out.push(more);
  }
  expect(reassembler.waitingFrames).toBe(0);
  return out;
}

describe('reassembly', () => {
  it('gives the same bytes for any split, permutation and duplication of frames', () => {
    const firstSeq = fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0xffff_ffe0, max: 0xffff_ffff }),
      fc.integer({ min: 0, max: 0xffff_ffff }),
    );
    const cuts = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 40 });
    const order = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 500 }),
        cuts,
        firstSeq,
        order,
        fc.nat({ max: 20 }),
        (bytes, at, first, draws, repeats) => {
          const frames = split(bytes, at).map((part, index) =>
            frame(serialAdd(first, index), part),
          );
          const sent = [...frames];
          for (let count = 0; count < repeats; count++)
            sent.push(frames[draw(draws) % frames.length] as Frame);
          const shuffled = shuffle(sent, draws);
          const out = reassemble(shuffled, first);
          expect(Buffer.concat(out.map(({ payload }) => payload))).toEqual(Buffer.from(bytes));
          expect(out).toHaveLength(frames.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('tells duplicates from what is new, waiting or done', () => {
    const reassembler = new Reassembler(0xffff_fffe);
    expect(reassembler.place(frame(0))).toBe('waiting');
    expect(reassembler.place(frame(0))).toBe('duplicate');
    expect(reassembler.place(frame(0xffff_fffe))).toBe('next');
    expect(reassembler.take()).toBeUndefined();
    expect(reassembler.place(frame(0xffff_fffe))).toBe('duplicate');
    expect(reassembler.place(frame(0xffff_ffff))).toBe('next');
    expect(reassembler.take()?.seq).toBe(0);
    expect(reassembler.nextSeq).toBe(1);
    expect(reassembler.waitingFrames).toBe(0);
  });

  it('keeps the first of two that claim the same number', () => {
    const reassembler = new Reassembler();
    reassembler.place(frame(1, Uint8Array.of(1)));
    reassembler.place(frame(1, Uint8Array.of(2)));
    reassembler.place(frame(0));
    expect(reassembler.take()?.payload).toEqual(Uint8Array.of(1));
  });

  it.each([0, 0xffff_ff00])('refuses what lies too far ahead of %i', (first) => {
    const farthest = serialAdd(first, UNACKED_FRAMES_MAX + 2);
    expect(new Reassembler(first).place(frame(farthest))).toBe('waiting');
    expect(() => new Reassembler(first).place(frame(serialAdd(farthest, 1)))).toThrow(E_PROTOCOL);
  });
});

function split(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const edges = [...new Set([0, ...at.filter((cut) => cut < bytes.length), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

function draw(draws: Iterator<number>): number {
  return draws.next().value as number;
}

function shuffle<T>(items: readonly T[], draws: Iterator<number>): T[] {
  const keyed = items.map((item) => ({ item, key: draw(draws) }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}
