/** Two links joined in memory and virtual time, with a record of what they reported. */
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { memoryCarrierPair, type MemoryFaults } from '../../src/engine/carrier/memory.ts';
import type { Authenticator } from '../../src/engine/link/authenticator.ts';
import type { SharedService } from '../../src/engine/link/link.ts';
import type { Reach } from '../../src/engine/link/reach.ts';
import type { Dialer } from '../../src/engine/tunnel/dialer.ts';
import type { Clock } from '../../src/shared/clock.ts';
import type { ErrorCode, PortholeError } from '../../src/shared/errors.ts';
import { FakeAuthenticator } from './fake-authenticator.ts';
import { FakeDialer } from './fake-dialer.ts';
import { SoleLink } from './sole-link.ts';
import { tapCarrier } from './tap-carrier.ts';

/** What a link reported, in order. */
interface LinkLog {
  /** How often a carrier joined. */
  ready: number;
  readonly shares: (readonly SharedService[])[];
  readonly reaches: Reach[];
  readonly refused: ErrorCode[];
  room: number;
  readonly endings: (PortholeError | undefined)[];
}

export interface LinkSide {
  readonly link: SoleLink;
  readonly log: LinkLog;
}

export interface LinkSideOptions {
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  /** @default one that shares nothing */
  readonly dialer?: Dialer;
  readonly onShares?: (shares: readonly SharedService[]) => void;
}

export function linkSide(options: LinkSideOptions): LinkSide {
  const { carrier, clock, authenticator, dialer } = options;
  const log: LinkLog = {
    ready: 0,
    shares: [],
    reaches: [],
    refused: [],
    room: 0,
    endings: [],
  };
  const link = new SoleLink({
    carrier,
    clock,
    authenticator,
    dialer: dialer ?? new FakeDialer(clock, () => ({ kind: 'not-allowed' })),
    events: {
      onUp: () => (log.ready += 1),
      onShares: (shares) => {
        log.shares.push(shares);
        options.onShares?.(shares);
      },
      onReach: (reach) => log.reaches.push(reach),
      onSocketRefused: (code) => log.refused.push(code),
      onRoom: () => (log.room += 1),
      onEnded: (cause) => log.endings.push(cause),
    },
  });
  return { link, log };
}

export interface LinkPairOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly faults?: MemoryFaults;
  readonly duplicates?: number;
  readonly dialers?: readonly [Dialer, Dialer];
  readonly authenticators?: readonly [Authenticator, Authenticator];
  /** Called with every message that arrives at either side. */
  readonly onMessage?: (side: 0 | 1, message: Uint8Array) => void;
}

export interface LinkPair {
  readonly sides: readonly [LinkSide, LinkSide];
  readonly sever: () => void;
}

export function linkPair(options: LinkPairOptions): LinkPair {
  const { clock, random, faults } = options;
  const pair = memoryCarrierPair({ clock, random, ...(faults ? { faults } : {}) });
  return {
    sides: [joinedSide(0, pair.ends[0], options), joinedSide(1, pair.ends[1], options)],
    sever: () => pair.sever(),
  };
}

function joinedSide(side: 0 | 1, inner: Carrier, options: LinkPairOptions): LinkSide {
  const { clock, random, duplicates, dialers, authenticators, onMessage } = options;
  const carrier = tapCarrier(inner, {
    clock,
    random,
    ...(duplicates === undefined ? {} : { duplicates }),
    ...(onMessage ? { onMessage: (message: Uint8Array) => onMessage(side, message) } : {}),
  });
  return linkSide({
    carrier,
    clock,
    authenticator: authenticators?.[side] ?? new FakeAuthenticator(side === 0 ? 'a' : 'b'),
    ...(dialers ? { dialer: dialers[side] } : {}),
  });
}
