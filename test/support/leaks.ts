/**
 * What a suite leaves behind: sockets, servers, timers, child processes. Taken before the suite
 * opens anything and compared after it closed everything.
 */

const WATCHED = new Set([
  'TCPSocketWrap',
  'TCPServerWrap',
  'UDPWrap',
  'PipeWrap',
  'ProcessWrap',
  'Timeout',
]);

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    if (WATCHED.has(type)) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}

function moreThan(before: Map<string, number>): string[] {
  const left: string[] = [];
  for (const [type, count] of countResources()) {
    const extra = count - (before.get(type) ?? 0);
    if (extra > 0) left.push(`${extra} × ${type}`);
  }
  return left;
}

/** Notes what is open now; the function returned fails when more than that stays open. */
export function watchForLeaks(): () => Promise<void> {
  const before = countResources();
  return async function expectNothingLeft(): Promise<void> {
    const deadline = performance.now() + 5000;
    // Closing takes a few turns of the loop; only what stays is a leak.
    while (moreThan(before).length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const left = moreThan(before);
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  };
}
