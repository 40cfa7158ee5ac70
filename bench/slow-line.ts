/**
 * Two network namespaces joined by a line of so many bits a second (`tc tbf`), for a benchmark that
 * needs one. Root only.
 *
 * Invariant: `remove()` takes away exactly the two namespaces made here, and the line with them.
 */
import { execFileSync } from 'node:child_process';

/** What the line holds before it drops, ms: a home router's queue is no shorter. */
const LINE_QUEUE_MS = 400;
const LINE_BURST = '16kb';

export class SlowLine {
  readonly near = `porthole-a-${process.pid}`;
  readonly far = `porthole-b-${process.pid}`;

  constructor(bitsPerSecond: number) {
    ip('netns', 'add', this.near);
    ip('netns', 'add', this.far);
    ip(
      'link',
      'add',
      'line',
      'netns',
      this.near,
      'type',
      'veth',
      'peer',
      'name',
      'line',
      'netns',
      this.far,
    );
    this.#bringUp(this.near, '198.51.100.1/24', bitsPerSecond);
    this.#bringUp(this.far, '198.51.100.2/24', bitsPerSecond);
  }

  remove(): void {
    ip('netns', 'del', this.near);
    ip('netns', 'del', this.far);
  }

  #bringUp(namespace: string, address: string, bitsPerSecond: number): void {
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    ip('-n', namespace, 'addr', 'add', address, 'dev', 'line');
    ip('-n', namespace, 'link', 'set', 'line', 'up');
    const limits = [
      'rate',
      `${bitsPerSecond}bit`,
      'burst',
      LINE_BURST,
      'latency',
      `${LINE_QUEUE_MS}ms`,
    ];
    run('tc', ['-n', namespace, 'qdisc', 'add', 'dev', 'line', 'root', 'tbf', ...limits]);
  }
}

function ip(...args: string[]): void {
  run('ip', args);
}

function run(file: string, args: readonly string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
