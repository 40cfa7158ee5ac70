/**
 * The online pairing through a relay that does its worst, and what an onlooker sees of it.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { derivePairingKeys } from '../../src/engine/pairing/keys.ts';
import { roomPath } from '../../src/engine/signaling/endpoint.ts';
import { CONNECT_TIMEOUT_MS } from '../../src/shared/limits.ts';
import {
  type Direction,
  flipped,
  type Passing,
  startRelay,
  through,
} from '../support/evil-relay.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  closeAll,
  closeOf,
  settled,
  HandClock,
  Joiner,
  openStranger,
  Queue,
  Sharer,
  startServer,
  startSharer,
  startTcp,
} from '../support/pairing-computers.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});

afterEach(closeAll);

afterAll(async () => {
  await expectNothingLeft();
});

const isClaim = ({ direction, index }: Passing): boolean =>
  direction === 'to-sharer' && index === 0;
const isOffer = ({ direction }: Passing): boolean => direction === 'to-joiner';
const isAnswer = ({ direction, index }: Passing): boolean =>
  direction === 'to-sharer' && index === 1;

describe('an evil relay in the middle', () => {
  const victims = { claim: isClaim, offer: isOffer, answer: isAnswer };
  const harms: Record<string, (passing: Passing) => void> = {
    'flips the last bit': ({ data, forward }) => forward(flipped(data, data.length - 1)),
    'flips a bit of the salt': ({ data, forward }) => forward(flipped(data, 5)),
    'flips a bit of the sequence': ({ data, forward }) => forward(flipped(data, 20)),
    'flips the version': ({ data, forward }) => forward(flipped(data, 0)),
    truncates: ({ data, forward }) => forward(data.subarray(0, data.length - 1)),
    'leaves only the head': ({ data, forward }) => forward(data.subarray(0, 21)),
    appends: ({ data, forward }) => forward(Buffer.concat([data, Buffer.of(0)])),
    replaces: ({ data, forward }) => forward(Buffer.alloc(data.length, 1)),
    reflects: ({ data, reflect }) => reflect(data),
    'sends garbled, then right (reordered)': ({ data, forward }) => {
      forward(flipped(data, 20));
      forward(data);
    },
  };
  const table = Object.entries(victims).flatMap(([victim, isVictim]) =>
    Object.entries(harms).map(([harm, harmIt]) => ({ victim, isVictim, harm, harmIt })),
  );

  test.each(table)('$harm, the $victim: nothing comes of it', async ({ isVictim, harmIt }) => {
    const sharer = await startSharer();
    const port = await startRelay(sharer.server.port, (passing) => {
      if (isVictim(passing)) harmIt(passing);
      else passing.forward(passing.data);
    });
    const joiner = new Joiner();
    const failure = await settled(joiner.claim(through(sharer.invite, port)));
    // Behind its answer the joiner has said all it had to say; the sharer gives the offer up.
    expect(failure).toEqual(isVictim === isAnswer ? undefined : code('E_UNREACHABLE'));
    const withdrawn = isVictim === isAnswer ? await sharer.withdrawn.next() : 'offer 1';
    expect(withdrawn).toBe('offer 1');
    expect(sharer.answers.all).toEqual([]);
    for (const offer of joiner.offers.all) expect(offer).toBe('offer 1');
    expect(sharer.room.phase).not.toBe('used');
  });

  test('doubles everything: at most one answer', async () => {
    const sharer = await startSharer();
    const port = await startRelay(sharer.server.port, ({ data, forward }) => {
      forward(data);
      forward(data);
    });
    await expect(new Joiner().claim(through(sharer.invite, port))).rejects.toEqual(
      code('E_UNREACHABLE'),
    );
    expect(sharer.answers.all).toEqual([]);
  });

  test('swallows the claim: the joiner gives up', async () => {
    const clock = new HandClock();
    const sharer = await startSharer();
    const swallowed = new Queue<true>();
    const port = await startRelay(sharer.server.port, () => swallowed.push(true));
    const claim = new Joiner().claim(through(sharer.invite, port), { clock });
    const failure = settled(claim);
    await swallowed.next();
    clock.turn(CONNECT_TIMEOUT_MS);
    expect(await failure).toEqual(code('E_UNREACHABLE'));
    expect(sharer.offers).toBe(0);
  });

  test('replays an earlier conversation to both: nothing comes of it', async () => {
    const sharer = await startSharer();
    const recorded: Record<Direction, Buffer[]> = { 'to-sharer': [], 'to-joiner': [] };
    const recorder = await startRelay(sharer.server.port, ({ direction, data, forward }) => {
      recorded[direction].push(data);
      forward(data);
    });
    const joiner = new Joiner();
    (await joiner.claim(through(sharer.invite, recorder))).close();
    await sharer.answers.next();

    // To the joiner: the old offer to its new claim.
    const [oldOffer = Buffer.alloc(0)] = recorded['to-joiner'];
    const toJoiner = await startRelay(sharer.server.port, ({ reflect }) => reflect(oldOffer));
    await expect(joiner.claim(through(sharer.invite, toJoiner))).rejects.toEqual(
      code('E_UNREACHABLE'),
    );
    // To the sharer: all the joiner ever said, from the start.
    const stranger = openStranger(sharer);
    await once(stranger, 'open');
    const closed = closeOf(stranger);
    for (const data of recorded['to-sharer']) stranger.send(data);
    await closed;
    // To the sharer: the old answer behind a genuine new claim.
    const [, oldAnswer = Buffer.alloc(0)] = recorded['to-sharer'];
    const toSharer = await startRelay(sharer.server.port, (passing) => {
      passing.forward(isAnswer(passing) ? oldAnswer : passing.data);
    });
    await joiner.claim(through(sharer.invite, toSharer));
    expect(await sharer.withdrawn.next()).toBe('offer 1');
    expect(await sharer.withdrawn.next()).toBe('offer 2');
    expect(sharer.answers.all).toHaveLength(1);
    expect(sharer.offers).toBe(2);
  });

  test('delivers a claim into another room', async () => {
    const server = await startServer();
    const [one, other] = [new Sharer(server), new Sharer(server)];
    const stranger = openStranger(other);
    await once(stranger, 'open');
    const closed = closeOf(stranger);
    const relay = await startRelay(server.port, ({ data }) => stranger.send(data));
    const controller = new AbortController();
    const { signal } = controller;
    const claim = new Joiner().claim(through(one.invite, relay), { signal });
    const failure = settled(claim);
    await closed;
    controller.abort(new Error('enough'));
    expect(await failure).toEqual(new Error('enough'));
    expect(other.offers).toBe(0);
  });

  test('can say the invite is used, and no more', async () => {
    const sharer = await startSharer();
    const port = await startRelay(sharer.server.port, ({ reflect }) => reflect('{"error":"used"}'));
    await expect(new Joiner().claim(through(sharer.invite, port))).rejects.toEqual(
      code('E_INVITE_USED'),
    );
    const odd = await startRelay(sharer.server.port, ({ reflect }) => reflect('{"error":"x"}'));
    await expect(new Joiner().claim(through(sharer.invite, odd))).rejects.toEqual(
      code('E_UNREACHABLE'),
    );
    expect(sharer.room.phase).toBe('open');
  });
});

const encodings: readonly BufferEncoding[] = ['hex', 'base64', 'base64url'];

test('nothing that passes by is in clear', async () => {
  const offer = Buffer.from('candidate 192.0.2.44 port 50123 ufrag Xy7Q');
  const answer = Buffer.from('candidate 198.51.100.9 port 50321 ufrag Zw8K');
  const answered = new Queue<true>();
  const sharer = await startSharer({
    makeOffer: async () => ({
      description: offer,
      onAnswer: () => answered.push(true),
      onWithdrawn() {},
    }),
  });
  const captured: Buffer[] = [];
  const tap = await startTcp((down) => {
    const up = connect(sharer.server.port, '127.0.0.1');
    up.on('error', () => {}).on('data', (data) => captured.push(data));
    up.on('close', () => down.destroy());
    down.on('close', () => up.destroy());
    down.on('data', (data) => captured.push(data));
    down.pipe(up).pipe(down);
  });
  const joiner = new Joiner();
  const name = 'Bobs unmistakable laptop';
  const answerOffer = async (): Promise<Uint8Array> => answer;
  await joiner.claim(through(sharer.invite, tap), { name, answerOffer });
  await answered.next();
  const wire = unmasked(Buffer.concat(captured));
  const { secret, publicKey } = sharer.invite;
  const keys = derivePairingKeys(secret);
  const secrets = [
    Buffer.from(name),
    Buffer.from(sharer.invite.name),
    joiner.identity.publicKey,
    publicKey,
    secret.reveal(),
    keys.prk.reveal(),
    keys.mac.reveal(),
    offer.subarray(10, 22),
    answer.subarray(10, 22),
    Buffer.from('ufrag'),
  ];
  // It did record what passed: the room is there, in clear.
  expect(wire.some((view) => view.includes(roomPath(keys.room)))).toBe(true);
  // The masks were lifted: one of the views is the joiner's first envelope.
  const zero = Buffer.alloc(4);
  expect(wire.some((view) => view[0] === 1 && zero.equals(view.subarray(17, 21)))).toBe(true);
  for (const hidden of secrets) {
    const bytesOf = Buffer.from(hidden);
    for (const form of [bytesOf, ...encodings.map((as) => spelled(bytesOf, as))]) {
      expect(wire.some((view) => view.includes(form))).toBe(false);
    }
  }
});

/** Its encoding without the last characters, which depend on what follows. */
function spelled(data: Buffer, encoding: BufferEncoding): Buffer {
  return Buffer.from(data.toString(encoding).slice(0, -4));
}

/** The bytes as they are, and under every WebSocket mask (RFC 6455 §5.3) that stands in them. */
function unmasked(data: Buffer): Buffer[] {
  const views = [data];
  for (let at = 0; at + 4 < data.length; at++) {
    if (data[at - 2] !== 0x82 && data[at - 4] !== 0x82) continue;
    const mask = data.subarray(at, at + 4);
    const rest = data.subarray(at + 4);
    views.push(Buffer.from(rest.map((byte, index) => byte ^ (mask[index % 4] ?? 0))));
  }
  return views;
}
