/** The two computers of a pairing, or two paired ones, and the people in front of them. */
import type { ChannelBinding } from '../../src/engine/carrier/carrier.ts';
import type { PeerIdentity } from '../../src/engine/link/authenticator.ts';
import type { AuthRole } from '../../src/engine/pairing/authentication.ts';
import {
  ChannelAuthenticator,
  type ChannelMode,
  type Comparison,
  type PairedPeer,
  type PairingTrust,
} from '../../src/engine/pairing/channel-authenticator.ts';
import { createIdentity, type Identity } from '../../src/engine/pairing/identity.ts';
import {
  derivePairingKeys,
  derivePeerKeys,
  type PairingKeys,
} from '../../src/engine/pairing/keys.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';

export const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value);

/** What the sharer's end and the joiner's see where nobody is in the middle. */
export const BINDINGS: Record<AuthRole, ChannelBinding> = {
  offerer: { local: fill(61), remote: fill(62) },
  answerer: { local: fill(62), remote: fill(61) },
};

export const INVITE_KEYS = derivePairingKeys(new Secret(fill(7, 16)));
const PEER_KEYS = derivePeerKeys(new Secret(fill(8)), 20_000);

export interface PairingSideOptions {
  readonly role: AuthRole;
  /** @default pair */
  readonly kind?: ChannelMode['kind'];
  /** @default compare */
  readonly trust?: PairingTrust;
  /** @default those of one invite, or of one pair key */
  readonly keys?: PairingKeys;
  /** @default a new one */
  readonly identity?: Identity;
  /** @default the peer is stored at once */
  readonly onPaired?: (paired: PairedPeer) => Promise<void>;
  readonly onProved?: () => void;
}

interface Question extends Comparison {
  answer(match: boolean): void;
  fail(error: Error): void;
}

/** One computer and its person, who answers when the test says so. */
export class PairingSide {
  readonly identity: Identity;
  readonly questions: Question[] = [];
  readonly proved: PeerIdentity[] = [];
  readonly paired: PairedPeer[] = [];
  readonly #options: PairingSideOptions;

  constructor(options: PairingSideOptions) {
    this.#options = options;
    this.identity = options.identity ?? createIdentity();
  }

  authenticator(
    peer: { readonly identity: Identity },
    binding: ChannelBinding = BINDINGS[this.#options.role],
  ): ChannelAuthenticator {
    const { role, keys, kind = 'pair' } = this.#options;
    return new ChannelAuthenticator({
      identity: this.identity,
      name: `the ${role}`,
      role,
      binding,
      keys: keys ?? (kind === 'pair' ? INVITE_KEYS : PEER_KEYS),
      expectedPublicKey: peer.identity.publicKey,
      mode: this.#mode(),
    });
  }

  /** The digits this side's person saw last. */
  get digits(): string | undefined {
    return this.questions.at(-1)?.digits;
  }

  say(match: boolean): void {
    this.questions.at(-1)?.answer(match);
  }

  #mode(): ChannelMode {
    const { kind = 'pair', trust = 'compare', onPaired } = this.#options;
    const onProved = (peer: PeerIdentity): void => {
      this.proved.push(peer);
      this.#options.onProved?.();
    };
    if (kind === 'peer') return { kind, onProved };
    return {
      kind,
      trust,
      onProved,
      onCompare: (comparison) => this.#ask(comparison),
      onPaired: async (paired) => {
        await onPaired?.(paired);
        this.paired.push(paired);
      },
    };
  }

  #ask(comparison: Comparison): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.questions.push({ ...comparison, answer: resolve, fail: reject });
    });
  }
}

/** Lets every promise that can settle now do so. */
export function promisesSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
