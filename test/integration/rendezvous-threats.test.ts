/**
 * Rows 1 and 3 of the threat table, for signaling: what a rendezvous server, and whoever listens on
 * the way to it, can see and do.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { packDescription, type SessionDescription } from '../../src/engine/pairing/description.ts';
import { derivePairingKeys } from '../../src/engine/pairing/keys.ts';
import { roomPath } from '../../src/engine/signaling/endpoint.ts';
import {
  encodeHostFrame,
  type HostFrame,
  REPLACED,
} from '../../src/engine/signaling/host-frame.ts';
import {
  CONNECT_TIMEOUT_MS,
  RENDEZVOUS_FRAMES_PER_SECOND_MAX,
  RENDEZVOUS_GUESTS_MAX,
  RENDEZVOUS_RETRY_MIN_MS,
  SIGNALING_BYTES_MAX,
} from '../../src/shared/limits.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { type Data, EvilRendezvous, type Passage, tell } from '../support/evil-rendezvous.ts';
import { flipped } from '../support/evil-relay.ts';
import { watchForLeaks } from '../support/leaks.ts';
import {
  closeAll,
  closeLater,
  closeOf,
  HandClock,
  Joiner,
  Queue,
  remoteSharer,
  settled,
  startRendezvous,
  startTcp,
} from '../support/pairing-computers.ts';
import { envelope, until } from '../support/rendezvous-strangers.ts';
import { within } from '../support/tcp.ts';
import { payloadsIn } from '../support/websocket-bytes.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const MIB = 1_048_576;

let expectNothingLeft: () => Promise<void>;

beforeAll(() => {
  expectNothingLeft = watchForLeaks();
});

afterEach(closeAll);

afterAll(async () => {
  await expectNothingLeft();
});

type RemoteSharer = Awaited<ReturnType<typeof remoteSharer>>;

const isClaim = ({ direction, index }: Passage): boolean => direction === 'to-host' && index === 0;
const isOffer = ({ direction }: Passage): boolean => direction === 'to-guest';
const isAnswer = ({ direction, index }: Passage): boolean => direction === 'to-host' && index === 1;

const isNothing = (): boolean => false;

const asBytes = (data: Data): Buffer => (typeof data === 'string' ? Buffer.from(data) : data);
const flip = (data: Data, at: number): Buffer => flipped(asBytes(data), at);

/** Honest but for the messages it picks. */
function evilTo(
  isVictim: (passage: Passage) => boolean,
  harm: (passage: Passage) => void,
): (passage: Passage) => void {
  return (passage) => (isVictim(passage) ? harm(passage) : passage.forward(passage.data));
}

/** Nobody was taken for the other end. */
function expectNoWrongPeer(sharer: RemoteSharer, joiner: Joiner): void {
  for (const { by } of sharer.answers.all) expect(by).toEqual(joiner.identity.publicKey);
  for (const offer of joiner.offers.all) expect(offer).toMatch(/^offer \d$/);
  expect(sharer.room.phase).not.toBe('used');
}

describe('row 3: an evil rendezvous server', () => {
  test('row 3: one that is honest lets them meet (the tests below can fail)', async () => {
    const evil = await EvilRendezvous.start();
    const sharer = await remoteSharer(evil.port);
    await new Joiner().claim(sharer.invite);
    expect((await sharer.answers.next()).answer).toBe('answer to offer 1');
  });

  const victims = { claim: isClaim, offer: isOffer, answer: isAnswer };
  const harms: Record<string, (passage: Passage) => void> = {
    'flips the last bit of': ({ data, forward }) => forward(flip(data, data.length - 1)),
    'flips a bit of the salt of': ({ data, forward }) => forward(flip(data, 5)),
    'flips a bit of the sequence of': ({ data, forward }) => forward(flip(data, 20)),
    truncates: ({ data, forward }) => forward(asBytes(data).subarray(0, -1)),
    empties: ({ forward }) => forward(Buffer.alloc(0)),
    'appends to': ({ data, forward }) => forward(Buffer.concat([asBytes(data), Buffer.of(0)])),
    replaces: ({ data, forward }) => forward(envelope(3, data.length)),
    'sends as text': ({ forward }) => forward('not even JSON'),
    reflects: ({ data, reflect }) => reflect(data),
    reorders: ({ data, forward }) => {
      forward(envelope(3));
      forward(data);
    },
    enlarges: ({ forward }) => forward(envelope(1, SIGNALING_BYTES_MAX)),
  };
  const table = Object.entries(victims).flatMap(([victim, isVictim]) =>
    Object.entries(harms).map(([harm, harmIt]) => ({ victim, isVictim, harm, harmIt })),
  );

  test.each(table)('row 3: $harm the $victim: nothing comes of it', async (row) => {
    const evil = await EvilRendezvous.start(evilTo(row.isVictim, row.harmIt));
    const sharer = await remoteSharer(evil.port);
    const joiner = new Joiner();
    const failure = await settled(joiner.claim(sharer.invite));
    // Behind its answer the joiner has said all it had to say; the sharer gives the offer up.
    expect(failure).toEqual(row.isVictim === isAnswer ? undefined : code('E_UNREACHABLE'));
    const withdrawn = row.isVictim === isAnswer ? await sharer.withdrawn.next() : 'offer 1';
    expect(withdrawn).toBe('offer 1');
    expect(sharer.answers.all).toEqual([]);
    expectNoWrongPeer(sharer, joiner);
  });

  test('row 3: swaps the guests of two rooms: nothing comes of it', async () => {
    const other = new Map<string, string>();
    const evil = await EvilRendezvous.start(async ({ guest, direction, data }) => {
      const [first, second] = await both;
      const twin = [first, second].find(({ path }) => path === other.get(guest.path));
      if (twin === undefined) throw new Error('no twin');
      if (direction === 'to-host') tell(twin.host, { kind: 'message', guest: twin.id, data });
      else twin.socket.send(data, () => {});
    });
    const both = Promise.all([evil.guests.next(), evil.guests.next()]);
    const [one, two] = [await remoteSharer(evil.port), await remoteSharer(evil.port)];
    const paths = [one, two].map(({ room }) => roomPath(room.keys.room));
    const [a = '', b = ''] = paths;
    other.set(a, b).set(b, a);
    const joiners = [new Joiner(), new Joiner()] as const;
    const claims = [joiners[0].claim(one.invite), joiners[1].claim(two.invite)];
    const failures = await Promise.all(claims.map(settled));
    expect(failures).toEqual([code('E_UNREACHABLE'), code('E_UNREACHABLE')]);
    for (const sharer of [one, two]) expect(sharer.answers.all).toEqual([]);
    expect([one.room.phase, two.room.phase]).not.toContain('used');
  });

  test('row 3: crosses the offers of two guests of one room: nothing comes of it', async () => {
    const held = new Queue<Passage>();
    const evil = await EvilRendezvous.start(evilTo(isOffer, (passage) => held.push(passage)));
    const sharer = await remoteSharer(evil.port);
    const joiner = new Joiner();
    const claims = [joiner.claim(sharer.invite), joiner.claim(sharer.invite)].map(settled);
    const [first, second] = [await held.next(), await held.next()];
    first.guest.socket.send(second.data);
    second.guest.socket.send(first.data);
    expect(await Promise.all(claims)).toEqual([code('E_UNREACHABLE'), code('E_UNREACHABLE')]);
    expect(sharer.answers.all).toEqual([]);
    expectNoWrongPeer(sharer, joiner);
  });

  test('row 3: replays a whole pairing, to both: nothing comes of it', async () => {
    const recorded: Passage[] = [];
    let harm: (passage: Passage) => void = evilTo(isNothing, isNothing);
    const evil = await EvilRendezvous.start((passage) => {
      recorded.push(passage);
      harm(passage);
    });
    const sharer = await remoteSharer(evil.port);
    const joiner = new Joiner();
    (await joiner.claim(sharer.invite)).close();
    await sharer.answers.next();
    const [oldClaim, oldOffer, oldAnswer] = recorded.map(({ data }) => asBytes(data));
    const host = evil.hosts.get(roomPath(sharer.room.keys.room));
    if (host === undefined || !oldClaim || !oldOffer || !oldAnswer) throw new Error('no recording');
    // To the sharer: a guest that never was says all the joiner ever said.
    const ghost = 1000;
    tell(host, { kind: 'opened', guest: ghost });
    for (const data of [oldClaim, oldAnswer]) tell(host, { kind: 'message', guest: ghost, data });
    // To the joiner: the old offer to its new claim.
    harm = ({ reflect }) => reflect(oldOffer);
    await expect(joiner.claim(sharer.invite)).rejects.toEqual(code('E_UNREACHABLE'));
    // To the sharer: the old answer behind a genuine new claim.
    harm = evilTo(isAnswer, ({ forward }) => forward(oldAnswer));
    await joiner.claim(sharer.invite);
    expect(await sharer.withdrawn.next()).toBe('offer 1');
    expect(await sharer.withdrawn.next()).toBe('offer 2');
    expect(sharer.answers.all).toHaveLength(1);
    expect(sharer.offers).toBe(2);
    expectNoWrongPeer(sharer, joiner);
  });

  test('row 3: doubles everything: at most one answer', async () => {
    const evil = await EvilRendezvous.start(({ data, forward }) => {
      forward(data);
      forward(data);
    });
    const sharer = await remoteSharer(evil.port);
    const joiner = new Joiner();
    const failure = await settled(joiner.claim(sharer.invite));
    expect(failure).toEqual(code('E_UNREACHABLE'));
    expect(sharer.answers.all).toEqual([]);
  });

  test.each([
    ['claim', isClaim],
    ['offer', isOffer],
  ])('row 3: drops the %s: the joiner gives up', async (_what, isVictim) => {
    const clock = new HandClock();
    const dropped = new Queue<true>();
    const evil = await EvilRendezvous.start(evilTo(isVictim, () => dropped.push(true)));
    const sharer = await remoteSharer(evil.port);
    const failure = settled(new Joiner().claim(sharer.invite, { clock }));
    await dropped.next();
    clock.turn(CONNECT_TIMEOUT_MS);
    expect(await failure).toEqual(code('E_UNREACHABLE'));
    expect(sharer.answers.all).toEqual([]);
  });

  test('row 3: delays the offer until it is too late: nothing comes of it', async () => {
    const clock = new HandClock();
    const held = new Queue<Passage>();
    const evil = await EvilRendezvous.start(evilTo(isOffer, (passage) => held.push(passage)));
    const sharer = await remoteSharer(evil.port, { clock });
    const joiner = new Joiner();
    const failure = settled(joiner.claim(sharer.invite, { clock }));
    const { data, forward } = await held.next();
    clock.turn(CONNECT_TIMEOUT_MS);
    forward(data);
    expect(await failure).toEqual(code('E_UNREACHABLE'));
    expect(await sharer.withdrawn.next()).toBe('offer 1');
    expect(joiner.offers.all).toEqual([]);
    expect(sharer.answers.all).toEqual([]);
  });

  test('row 3: says the invite is used, and no more', async () => {
    const evil = await EvilRendezvous.start(({ reflect }) => reflect('{"error":"used"}'));
    const sharer = await remoteSharer(evil.port);
    await expect(new Joiner().claim(sharer.invite)).rejects.toEqual(code('E_INVITE_USED'));
    expect(sharer.room.phase).toBe('open');
  });

  test.each<[string, (host: WebSocket) => void, string]>([
    ['text', (host) => host.send('hello'), 'is not understood'],
    ['no frame', (host) => host.send(Buffer.alloc(3)), 'is not understood'],
    ['an unknown kind', (host) => host.send(Buffer.alloc(9, 9)), 'is not understood'],
    ['too large a frame', (host) => host.send(Buffer.alloc(SIGNALING_BYTES_MAX + 6)), 'failed'],
    ['the same guest twice', openTwice, 'is not understood'],
    ['too many guests', openTooMany, 'is not understood'],
    ['that another host is there', (host) => host.close(REPLACED), 'took its place'],
  ])('row 3: tells a host %s: it lets go, and comes again', async (_what, tellIt, reason) => {
    const clock = new HandClock();
    const evil = await EvilRendezvous.start();
    const sharer = await remoteSharer(evil.port, { clock });
    tellIt(await evil.arrivals.next());
    const lost = await sharer.server.states.next();
    expect(lost.kind === 'unreachable' && lost.error.message).toContain(reason);
    await comesAgain(sharer, clock);
  });

  test('row 3: noise, seeded', async () => {
    const seed = Date.now() % 2 ** 32;
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    const clock = new HandClock();
    const evil = await EvilRendezvous.start();
    const sharer = await remoteSharer(evil.port, { clock });
    for (let round = 0; round < 30; round++) {
      const host = await evil.arrivals.next();
      const closed = closeOf(host);
      for (let sent = 0; sent <= RENDEZVOUS_FRAMES_PER_SECOND_MAX; sent++) {
        // Few guests, mostly known kinds: noise that gets somewhere.
        const head = [0, 0, 0, random() * 3, 1 + random() * 4.1].map(Math.floor);
        const size = random() < 0.5 ? 0 : Math.floor(random() * 80);
        const rest = Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
        if (size > 0) rest[0] = 1;
        host.send(Buffer.concat([Buffer.from(head), rest]), () => {});
      }
      await closed;
      await comesAgain(sharer, clock);
    }
    expect(sharer.offers).toBe(0);
    expect(sharer.room.phase).toBe('open');
  });

  const tag = Buffer.alloc(60, 1);
  test.each<[string, (host: WebSocket, count: number) => void]>([
    ['messages of a guest', sending({ kind: 'message', guest: 1, data: tag })],
    ['messages of nobody', sending({ kind: 'message', guest: 9, data: tag })],
    ['guests', (host, count) => tell(host, { kind: 'opened', guest: 100 + count })],
    ['guests that leave at once', openAndClose],
    ['large messages', sending({ kind: 'message', guest: 1, data: envelope(1, 16_384) })],
    ['pings', (host) => host.ping(undefined, undefined, () => {})],
  ])('row 3: floods a host with 10,000 %s a second', async (_what, flood) => {
    const clock = new HandClock();
    const evil = await EvilRendezvous.start();
    const sharer = await remoteSharer(evil.port, { clock });
    const before = process.memoryUsage().rss;
    // A second of its clock each; every time it comes again, as if nothing had been.
    for (let round = 0; round < 3; round++) {
      const host = await evil.arrivals.next();
      const closed = closeOf(host);
      tell(host, { kind: 'opened', guest: 1 });
      for (let count = 0; count < 10_000 && host.readyState === WebSocket.OPEN; count++) {
        flood(host, count);
        // In bursts, so that it is the victim's memory that counts.
        if (count % 500 === 499) await nextTurn();
      }
      await closed;
      await comesAgain(sharer, clock);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * MIB);
    expect(sharer.offers).toBe(0);
    // And it works when the server does.
    const joiner = new Joiner();
    await joiner.claim(sharer.invite);
    expect((await sharer.answers.next()).by).toEqual(joiner.identity.publicKey);
  });

  test('row 3: floods a guest: the claim fails', async () => {
    const evil = await EvilRendezvous.start(({ reflect }) => {
      for (let count = 0; count < 10_000; count++) reflect(tag);
    });
    const sharer = await remoteSharer(evil.port);
    await expect(new Joiner().claim(sharer.invite)).rejects.toEqual(code('E_UNREACHABLE'));
    expect(sharer.offers).toBe(0);
  });

  test('row 3: says nothing at all to a host', async () => {
    const clock = new HandClock();
    const silent = new Queue<Socket>();
    const port = await startTcp((socket) => silent.push(socket));
    const lost = remoteSharer(port, { clock });
    const failure = settled(lost);
    const socket = await silent.next();
    const closed = once(socket, 'close');
    clock.turn(10_000);
    expect(String(await failure)).toContain('the rendezvous is unreachable');
    await closed;
  });
});

/** The same bytes each time, so that sending them takes no memory. */
function sending(frame: HostFrame): (host: WebSocket) => void {
  const wire = encodeHostFrame(frame);
  return (host) => host.send(wire, () => {});
}

function openTwice(host: WebSocket): void {
  tell(host, { kind: 'opened', guest: 7 });
  tell(host, { kind: 'opened', guest: 7 });
}

function openTooMany(host: WebSocket): void {
  for (let guest = 1; guest <= RENDEZVOUS_GUESTS_MAX + 1; guest++) {
    tell(host, { kind: 'opened', guest });
  }
}

function openAndClose(host: WebSocket, count: number): void {
  tell(host, { kind: 'opened', guest: 100 + count });
  tell(host, { kind: 'closed', guest: 100 + count });
}

/** The device waits, connects again, and its room is open. */
async function comesAgain({ server }: RemoteSharer, clock: HandClock): Promise<void> {
  await until('the loss', () => server.states.all.at(-1)?.kind === 'unreachable');
  // The shortest wait, since the test has no randomness in it.
  clock.turn(RENDEZVOUS_RETRY_MIN_MS);
  await until('the room', () => server.states.all.at(-1)?.kind === 'open');
  clock.turn(1000);
}

// ── Row 1 ───────────────────────────────────────────────────────────────────────────────────────

/** Listens on the way to a port; resolves with its own port and all it will have heard. */
async function startTap(target: number): Promise<{ port: number; heard: Buffer[][] }> {
  const heard: Buffer[][] = [];
  const port = await startTcp((down) => {
    const up = connect(target, '127.0.0.1');
    closeLater(() => void up.destroy());
    const [there, back]: [Buffer[], Buffer[]] = [[], []];
    heard.push(there, back);
    up.on('error', () => {}).on('data', (data) => back.push(data));
    up.on('close', () => down.destroy());
    down.on('close', () => up.destroy());
    down.on('data', (data) => there.push(data));
    down.pipe(up).pipe(down);
  });
  return { port, heard };
}

function description(kind: 'offer' | 'answer', fill: number): SessionDescription {
  return {
    kind,
    iceSecret: Buffer.alloc(16, fill),
    fingerprint: Buffer.alloc(32, fill + 1),
    candidates: [
      { address: `192.0.2.${fill}`, port: 50_123, type: 'host' },
      { address: `2001:db8::${fill}`, port: 50_124, type: 'srflx' },
    ],
  };
}

test('row 1: in signaling, what a server and an onlooker see tells nothing', async () => {
  const rendezvous = await startRendezvous();
  const tap = await startTap(rendezvous.port);
  const [offered, answered] = [description('offer', 44), description('answer', 71)];
  const answer = new Queue<Uint8Array>();
  const sharer = await remoteSharer(tap.port, {
    makeOffer: async () => ({
      description: packDescription(offered),
      onAnswer: (bytes) => answer.push(bytes),
      onWithdrawn() {},
    }),
  });
  const joiner = new Joiner();
  const name = 'Bobs unmistakable laptop';
  const answerOffer = async (): Promise<Uint8Array> => packDescription(answered);
  const claimed = await joiner.claim(sharer.invite, { name, answerOffer });
  // It was a whole pairing.
  expect(Uint8Array.from(await answer.next())).toEqual(Uint8Array.from(packDescription(answered)));
  claimed.close();
  sharer.room.close();
  await within('the rooms closing', sharer.server.rooms.close());

  const streams = tap.heard.map((parts) => Buffer.concat(parts));
  const views = streams.flatMap((stream) => [stream, ...payloadsIn(stream)]);
  const sees = (hidden: Uint8Array): boolean =>
    views.some((view) => view.includes(Buffer.from(hidden)));
  // It did record what passed, and took it apart: the room, and the first envelope of each.
  const { secret, publicKey } = sharer.invite;
  const keys = derivePairingKeys(secret);
  expect(sees(Buffer.from(roomPath(keys.room)))).toBe(true);
  const envelopes = views.filter((view) => view[0] === 1 && view.length > 80);
  expect(envelopes.length).toBeGreaterThanOrEqual(3);
  expect(views.filter((view) => view[4] === 2 && view[5] === 1).length).toBeGreaterThanOrEqual(3);

  for (const [what, hidden] of Object.entries({
    'name of the joiner': Buffer.from(name),
    'name of the sharer': Buffer.from(sharer.invite.name),
    'key of the joiner': joiner.identity.publicKey,
    'key of the sharer': publicKey,
    'secret of the invite': secret.reveal(),
    'key of all keys': keys.prk.reveal(),
    'key of the MAC': keys.mac.reveal(),
    ...secretsOf('offer', offered),
    ...secretsOf('answer', answered),
  })) {
    for (const form of spellings(hidden)) expect([what, sees(form)]).toEqual([what, false]);
  }
});

/** What is in a description, packed and as text. */
function secretsOf(of: string, whole: SessionDescription): Record<string, Uint8Array> {
  const packed = Buffer.from(packDescription(whole));
  const [v4, v6] = whole.candidates;
  // The last 26 bytes: type, address and port of the IPv4, then of the IPv6 one.
  const tail = packed.subarray(-26);
  return {
    [`ICE secret of the ${of}`]: whole.iceSecret,
    [`fingerprint of the ${of}`]: whole.fingerprint,
    [`IPv4 address of the ${of}, packed`]: tail.subarray(1, 7),
    [`IPv6 address of the ${of}, packed`]: tail.subarray(8, 26),
    [`IPv4 address of the ${of}`]: Buffer.from(v4?.address ?? ''),
    [`IPv6 address of the ${of}`]: Buffer.from(v6?.address ?? ''),
  };
}

/** As it is, in hexadecimal, and in base64 at each of the three offsets it can have in a text. */
function spellings(hidden: Uint8Array): Buffer[] {
  const bytes = Buffer.from(hidden);
  const hex = bytes.toString('hex');
  const forms = [bytes, Buffer.from(hex), Buffer.from(hex.toUpperCase())];
  for (const offset of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
    for (const encoding of ['base64', 'base64url'] as const) {
      // Its ends depend on what is around it.
      const text = shifted
        .toString(encoding)
        .replace(/=+$/, '')
        .slice(offset === 0 ? 0 : 4, -1);
      forms.push(Buffer.from(text));
    }
  }
  return forms.filter(({ length }) => length >= 6);
}

test('row 1: in signaling, the search would find what is there', () => {
  const [v4] = Object.values(secretsOf('offer', description('offer', 44))).slice(2);
  expect([...(v4 ?? [])].slice(0, 4)).toEqual([192, 0, 2, 44]);
  const text = Buffer.from(`xx${Buffer.from('--Bobs unmistakable laptop--').toString('base64')}`);
  expect(spellings(Buffer.from('Bobs unmistakable laptop')).some((at) => text.includes(at))).toBe(
    true,
  );
});
