/** Two raw ends in two processes, joined: what the tunnel is measured against. */
import { fileURLToPath } from 'node:url';
import { Worker } from './worker.ts';

const RAW_END = fileURLToPath(new URL('./raw-end.ts', import.meta.url));

export class Yardstick {
  readonly ends: readonly [Worker, Worker];

  private constructor(ends: readonly [Worker, Worker]) {
    this.ends = ends;
  }

  static async open(): Promise<Yardstick> {
    const ends = [new Worker(RAW_END), new Worker(RAW_END)] as const;
    const offer = await ends[0].ask<string>({ kind: 'offer' });
    const answer = await ends[1].ask<string>({ kind: 'answer', offer });
    await ends[0].ask({ kind: 'accept', answer });
    await Promise.all(ends.map((end) => end.ask({ kind: 'opened' })));
    return new Yardstick(ends);
  }

  async close(): Promise<void> {
    await Promise.all(this.ends.map((end) => end.stop()));
  }
}
