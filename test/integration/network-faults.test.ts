/**
 * What happens to networks while a connection is open: real processes in network namespaces, a
 * stream both ways, and faults of seconds. The lab (`npm run lab`) has the long ones, often, and
 * judges times. Needs Linux, root and conntrack.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { watchForLeaks } from '../support/leaks.ts';
import { canMakeFaults } from '../support/lab/capability.ts';
import {
  AddressChange,
  killed,
  linkDown,
  natForgets,
  rendezvousRestarts,
  stopped,
} from '../support/lab/faults.ts';
import { nowMs } from '../support/lab/time.ts';
import { Homes, Lan } from '../support/lab/places.ts';
import type { Place } from '../support/lab/places.ts';
import { transferAt } from '../support/lab/transfer.ts';
import { startScene } from '../support/lab/scene.ts';
import type { Scene } from '../support/lab/scene.ts';
import { tryToKeep, tryToReplace } from '../support/lab/trial.ts';
import type { Trial } from '../support/lab/trial.ts';
import { runSeed } from '../support/seeded-bytes.ts';

const { can, note } = await canMakeFaults();
let expectNothingLeft: () => Promise<void>;

// The longest waits of a trial that goes wrong: nothing comes back, the old connection stays.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});
afterAll(async () => expectNothingLeft());

/** One scene for all tests of a `describe`: they follow each other as faults do. */
function staged<At extends Place>(makePlace: () => Promise<At>): () => Scene<At> {
  let scene: Scene<At> | undefined;
  beforeAll(async () => {
    scene = await startScene(await makePlace());
  });
  afterAll(async () => scene?.stop());
  return () => {
    if (scene === undefined) throw new Error('there is no scene');
    return scene;
  };
}

function expectKept(trial: Trial): void {
  expect(trial).toEqual({ fate: 'kept', backMs: expect.any(Number), wrong: null });
}

function expectReplaced(trial: Trial): void {
  expect(trial).toEqual({ fate: 'reset', backMs: expect.any(Number), wrong: null });
}

describe.skipIf(!can)(`two computers on one cable${note}`, () => {
  const scene = staged(async () => Lan.start());

  test('nothing gets through a cable that is out', async () => {
    const { streams, forwardPort, place } = scene();
    const stream = await streams.open(forwardPort);
    const fault = linkDown(place.laptop);
    await fault.start();
    await expect(stream.fresh(nowMs(), 500)).rejects.toThrow(/not within|no "/);
    await stream.fresh(await fault.end(), 60_000);
    await stream.finish(60_000);
  });

  test('a cable out for a second: the connection goes on, every byte comes once', async () => {
    expectKept(await tryToKeep(scene(), linkDown(scene().place.laptop), 1000));
  });

  test('another address: the connection goes on, every byte comes once', async () => {
    const addresses = { from: '198.51.100.2/24', to: '198.51.100.3/24' };
    expectKept(await tryToKeep(scene(), new AddressChange(scene().place.laptop, addresses), 0));
  });

  test.each(['desk', 'laptop'] as const)(
    '%s stands still for 5 s: the connection goes on, every byte comes once',
    async (name) => {
      expectKept(await tryToKeep(scene(), stopped(scene()[name]), 5000));
    },
  );

  test.each([
    { name: 'desk', survivor: 'client' },
    { name: 'laptop', survivor: 'service' },
  ] as const)(
    '$name is killed and starts again: the connection is reset, the forward is back',
    async ({ name, survivor }) => {
      const fault = killed(scene()[name]);
      expectReplaced(await tryToReplace(scene(), fault, { faultMs: 0, survivor }));
    },
  );
});

describe.skipIf(!can)(`one connection with much to carry${note}`, () => {
  test('cables out three times during 32 MiB: every byte comes once', async () => {
    const transfer = await transferAt(await Lan.start(), {
      bytes: 32 * 1024 * 1024,
      seed: runSeed(),
      faults: ({ place }) => [
        { fault: linkDown(place.desk), ms: 1000 },
        { fault: linkDown(place.laptop), ms: 3000 },
        { fault: linkDown(place.desk), ms: 2000 },
      ],
      lastPartMs: 120_000,
    });
    expect(transfer).toEqual({
      ending: 'end',
      received: 32 * 1024 * 1024,
      digest: 'equal',
      faults: 3,
    });
  });
});

describe.skipIf(!can)(`two homes behind NAT${note}`, () => {
  const scene = staged(async () => Homes.start({ desk: 'easy', laptop: 'easy' }));

  test('a NAT that forgets all flows: the connection goes on, every byte comes once', async () => {
    expectKept(await tryToKeep(scene(), natForgets(scene().place.laptop), 0));
  });

  test('the rendezvous server starts again: the connection does not notice', async () => {
    expectKept(await tryToKeep(scene(), rendezvousRestarts(scene().place), 1000));
  });
});

describe.skipIf(!can)(`behind a NAT that takes another port for each flow${note}`, () => {
  const scene = staged(async () => Homes.start({ desk: 'open', laptop: 'hard' }));

  test('it forgets all flows: the connection goes on, every byte comes once', async () => {
    expectKept(await tryToKeep(scene(), natForgets(scene().place.laptop), 0));
  });
});
