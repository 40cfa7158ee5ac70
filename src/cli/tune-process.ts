/**
 * How this process uses memory: a small heap of long-lived objects, and a stream of buffers outside
 * it that live for a millisecond.
 *
 * Left alone, V8 collects the whole heap each time the buffers have grown by about the heap's own
 * ten megabytes: three times a second during a transfer, 10 to 30 ms each, which costs a tenth of
 * the throughput and shows as latency (docs/performance.md). Growing to five times the live heap
 * before that costs at most some 40 MB.
 */
import { setFlagsFromString } from 'node:v8';

/** Tells V8. To be called first. */
export function tuneProcess(): void {
  setFlagsFromString('--heap-growing-percent=400');
}
