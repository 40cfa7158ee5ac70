/**
 * What every way from a local port to a target must do to be a TCP connection: the same suite runs
 * over a plain relay, over the engine in memory and over real DataChannels. A way that passes it is
 * one an application cannot tell from a cable.
 *
 * Each group is proven able to fail: see `RELAY_FAULTS` in test/support/tcp-relay.ts.
 */
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { watchForLeaks } from '../support/leaks.ts';
import { runSeed } from '../support/seeded-bytes.ts';
import { describeCrowds } from './crowds.ts';
import { describeEndings } from './endings.ts';
import { describeResets } from './resets.ts';
import { describeStalls } from './stalls.ts';
import { describeStreams } from './streams.ts';
import type { Capabilities, OpenWay } from './tunnel-under-test.ts';
import { TunnelUnderTest } from './tunnel-under-test.ts';

/** Runs the whole suite over one way. */
export function describeTunnel(
  name: string,
  openWay: OpenWay,
  capabilities: Capabilities = {},
): void {
  describe(`through ${name}`, () => {
    let opened: TunnelUnderTest | undefined;
    let expectNothingLeft: () => Promise<void>;

    const tunnel = (): TunnelUnderTest => {
      if (opened === undefined) throw new Error('the way could not be opened');
      return opened;
    };

    beforeAll(async () => {
      expectNothingLeft = watchForLeaks();
      opened = await TunnelUnderTest.open(openWay, { seed: runSeed(), capabilities });
    });

    afterEach(async () => {
      await opened?.clear();
    });

    afterAll(async () => {
      await opened?.close();
      await expectNothingLeft();
    });

    describeStreams(tunnel);
    describeEndings(tunnel);
    describeResets(tunnel);
    describeStalls(tunnel);
    describeCrowds(tunnel);
  });
}
