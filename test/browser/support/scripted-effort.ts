/**
 * What a page costs, in processor time of its main thread and not in time that passes: on a busy
 * machine a page waits, and that is nothing it does.
 *
 * Invariant: `Performance` counts thread ticks (Chromium's `TaskDuration` is then the processor time
 * of all tasks), and is on before anything is measured.
 */
import type { CDPSession, Page } from 'playwright-core';

export class Effort {
  readonly #page: Page;
  readonly #session: CDPSession;

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async of(page: Page): Promise<Effort> {
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await session.send('HeapProfiler.enable');
    return new Effort(page, session);
  }

  /** Processor time of all tasks of the main thread since it began, ms. */
  async spent(): Promise<number> {
    return (await this.#metric('TaskDuration')) * 1000;
  }

  /** What an action costs until the page has drawn two frames behind it, ms. */
  async during(act: () => Promise<unknown>): Promise<number> {
    const before = await this.spent();
    await act();
    await this.drawn();
    return (await this.spent()) - before;
  }

  /** Two frames: the second begins when the first is done. */
  async drawn(): Promise<void> {
    await this.#page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))',
    );
  }

  /** Bytes of JavaScript objects and number of nodes, once what is not needed is gone. */
  async memory(): Promise<{ readonly heap: number; readonly nodes: number }> {
    // Twice: the first may free what holds others.
    await this.#session.send('HeapProfiler.collectGarbage');
    await this.#session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await this.#session.send('Runtime.getHeapUsage');
    return { heap: usedSize, nodes: await this.#page.evaluate<number>(COUNT_NODES) };
  }

  async #metric(name: string): Promise<number> {
    const { metrics } = await this.#session.send('Performance.getMetrics');
    return metrics.find((each) => each.name === name)?.value ?? Number.NaN;
  }
}

const COUNT_NODES = "document.querySelectorAll('*').length";

/** Counts what React commits, from before it starts: `commits()` in the page. */
export const COUNT_COMMITS = String.raw`
{
  let count = 0;
  globalThis.commits = () => count;
  globalThis.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
    supportsFiber: true, renderers: new Map(), isDisabled: false, checkDCE() {},
    inject() { return 1; }, onCommitFiberRoot() { count += 1; }, onCommitFiberUnmount() {},
    onPostCommitFiberRoot() {},
  };
}
`;

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
