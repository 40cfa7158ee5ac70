/**
 * Mallory, who pairs with both sides of a pairing and hopes that their people see equal digits: her
 * orders of play, and her two victims without anything that does not bear on the digits.
 */
import { createCipheriv } from 'node:crypto';
import { type AuthRole, type Hello, transcript } from '../../src/engine/pairing/authentication.ts';
import { commitmentTo, digitsOf, opensCommitment } from '../../src/engine/pairing/digits.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { fill } from './pairing-sides.ts';

const EMPTY = new Uint8Array(0);

/** Random bytes by the megabyte that depend on a seed alone. */
export class RandomBytes {
  readonly #cipher;
  #block: Uint8Array = EMPTY;
  #at = 0;

  constructor(seed: number) {
    const random = seededRandom(seed);
    const key = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
    this.#cipher = createCipheriv('aes-128-ctr', key, new Uint8Array(16));
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#block.length) {
      this.#block = this.#cipher.update(new Uint8Array(1_048_576));
      this.#at = 0;
    }
    this.#at += length;
    return this.#block.subarray(this.#at - length, this.#at);
  }
}

/*
 * The two victims of a run as the protocol has them, with the real transcript, commitment and digits.
 *
 * Fresh in each run: the sharer's nonce of the digits, the nonce Mallory shows the joiner, and so the
 * digits of both. Fresh in each ten runs, to save two transcripts: the nonces of the HELLOs, the
 * ephemeral keys, both commitments and what they hide; in the other nine the same HELLOs meet what
 * else might have been drawn. Always the same: the Ed25519 keys, the certificates, the rooms and the
 * names, which only are some more bytes of the transcript. Left out: signatures and MACs, which
 * Mallory could make for both sessions, for she holds the code of each.
 *
 * She has one try with the sharer: it reveals its nonce when her AUTH has spent the invite, not
 * before. So a run is all she gets from one code.
 */
export const RUNS_PER_HELLO = 10;
const KEYS = { sharer: fill(1), joiner: fill(2), mallory: fill(3) };
const CERTIFICATES = { sharer: fill(11), joiner: fill(12), mallory: fill(13) };
const TAGS = { real: fill(21, 16), hers: fill(22, 16) };

interface Chosen {
  readonly publicKey: Uint8Array;
  readonly role: AuthRole;
  readonly commitment: Uint8Array;
}

function freshHello(random: RandomBytes, chosen: Chosen): Hello {
  const [nonce, ephemeral] = [random.take(32), random.take(32)];
  return { version: 1, capabilities: [], name: 'name', nonce, ephemeral, ...chosen };
}

export function malloryHello(
  random: RandomBytes,
  role: AuthRole,
  nonce: Uint8Array = EMPTY,
): Hello {
  const publicKey = KEYS.mallory;
  const commitment = role === 'answerer' ? commitmentTo(nonce, publicKey) : EMPTY;
  return freshHello(random, { publicKey, role, commitment });
}

/** The sharer, who answers a commitment with its nonce and then wants the commitment opened. */
export class SharerSession {
  readonly hello: Hello;
  readonly #random: RandomBytes;

  constructor(random: RandomBytes) {
    this.#random = random;
    this.hello = freshHello(random, { publicKey: KEYS.sharer, role: 'offerer', commitment: EMPTY });
  }

  /** Meets Mallory; the result draws a nonce and shows it, as often as it is called. */
  meet(mallory: Hello) {
    const digest = transcript({
      mode: 'pair',
      offerer: this.hello,
      answerer: mallory,
      offererFingerprint: CERTIFICATES.sharer,
      answererFingerprint: CERTIFICATES.mallory,
      tag: TAGS.real,
    });
    return () => {
      const offererNonce = this.#random.take(32);
      /** Mallory knows these as soon as she has the sharer's nonce. */
      const digitsFor = remembered((answererNonce) =>
        digitsOf({ transcript: digest, offererNonce, answererNonce }),
      );
      return {
        reveal: offererNonce,
        digitsFor,
        /** The digits the sharer shows, or nothing for a nonce that was not committed to. */
        open: (nonce: Uint8Array): string | undefined =>
          opensCommitment(mallory.commitment, nonce, KEYS.mallory) ? digitsFor(nonce) : undefined,
      };
    };
  }
}

/** The same digits twice for one nonce are computed once. */
function remembered(digitsFor: (nonce: Uint8Array) => string): (nonce: Uint8Array) => string {
  const known = new Map<Uint8Array, string>();
  return (nonce) => {
    const digits = known.get(nonce) ?? digitsFor(nonce);
    known.set(nonce, digits);
    return digits;
  };
}

/** The joiner, who commits itself first and opens that for whatever nonce comes. */
export class JoinerSession {
  readonly hello: Hello;
  readonly #nonce: Uint8Array;

  constructor(random: RandomBytes) {
    this.#nonce = random.take(32);
    const publicKey = KEYS.joiner;
    const commitment = commitmentTo(this.#nonce, publicKey);
    this.hello = freshHello(random, { publicKey, role: 'answerer', commitment });
  }

  /** Meets Mallory; the result takes her nonce, and shows its own and the digits. */
  meet(mallory: Hello) {
    const answererNonce = this.#nonce;
    const digest = transcript({
      mode: 'pair',
      offerer: mallory,
      answerer: this.hello,
      offererFingerprint: CERTIFICATES.mallory,
      answererFingerprint: CERTIFICATES.joiner,
      tag: TAGS.hers,
    });
    return (offererNonce: Uint8Array): { nonce: Uint8Array; digits: string } => ({
      nonce: answererNonce,
      digits: digitsOf({ transcript: digest, offererNonce, answererNonce }),
    });
  }
}

type Outcome = 'equal digits' | 'other digits' | 'refused';

/** An order of play: meets both victims, and gives what plays one run. */
export type Order = (random: RandomBytes) => () => Outcome;

function judge(ofSharer: string | undefined, ofJoiner: string): Outcome {
  if (ofSharer === undefined) return 'refused';
  return ofSharer === ofJoiner ? 'equal digits' : 'other digits';
}

/** The joiner's session is finished and held; only then the sharer shows its nonce. */
const joinerFirst: Order = (random) => {
  const joiner = new JoinerSession(random).meet(malloryHello(random, 'offerer'));
  const nonce = random.take(32);
  const sharer = new SharerSession(random).meet(malloryHello(random, 'answerer', nonce));
  return () => {
    const { digits } = joiner(random.take(32));
    return judge(sharer().open(nonce), digits);
  };
};

/** The sharer's session is held when its digits are known, and then the joiner is finished. */
const sharerFirst: Order = (random) => {
  const nonce = random.take(32);
  const sharer = new SharerSession(random).meet(malloryHello(random, 'answerer', nonce));
  const joiner = new JoinerSession(random).meet(malloryHello(random, 'offerer'));
  return () => {
    const met = sharer();
    // All she can do with the number she wants is to put it where it cannot help.
    const { digits } = joiner(Buffer.from(met.digitsFor(nonce).padStart(32, '0')));
    return judge(met.open(nonce), digits);
  };
};

/**
 * Both sessions side by side, as alike as she can make them: she passes on HELLO nonces, ephemeral
 * keys and the sharer's nonce. Before she opens her commitment she tries whether the joiner's nonce
 * would give its digits, and shows it if so: the sharer refuses it. Else she shows her own.
 */
const mirrored: Order = (random) => {
  const [sharer, joiner] = [new SharerSession(random), new JoinerSession(random)];
  const own = random.take(32);
  const copied = { ...malloryHello(random, 'answerer', own), ...alike(joiner.hello) };
  const left = sharer.meet(copied);
  const right = joiner.meet({ ...malloryHello(random, 'offerer'), ...alike(sharer.hello) });
  return () => {
    const met = left();
    const { nonce, digits } = right(met.reveal);
    if (met.digitsFor(nonce) === digits && met.open(nonce) !== undefined) return 'equal digits';
    return judge(met.open(own), digits);
  };
};

const alike = ({ nonce, ephemeral }: Hello): Pick<Hello, 'nonce' | 'ephemeral'> => ({
  nonce,
  ephemeral,
});

export const ORDERS: readonly Order[] = [joinerFirst, sharerFirst, mirrored];
