/** Debian's Chromium for tests, with a profile of its own each time. */
import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

export const noChromium = !existsSync(CHROMIUM);
if (noChromium) console.warn(`\n*** NOT TESTED: there is no browser at ${CHROMIUM}. ***\n`);

/** The caller closes it. */
export async function launchChromium(...args: readonly string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      // Tests run as root in containers.
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
      ...args,
    ],
  });
}
