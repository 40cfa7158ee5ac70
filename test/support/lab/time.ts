/** Time as the lab measures and spends it. */

/** The kernel's monotonic clock (CLOCK_MONOTONIC), in ms: the same in all processes of a computer. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** How long a fault lasts: time that passes is what is tried. */
export async function lasting(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
}
