/** What everything that deals with peers needs of this device. */
import type { Clock } from '../../shared/clock.ts';
import type { Identity } from '../pairing/identity.ts';
import type { Connectors } from './connectors.ts';

export interface PeerContext {
  readonly clock: Clock;
  /** Spreads calls; never for secrets. */
  readonly random: () => number;
  readonly identity: Identity;
  /** How long sockets are held while no carrier works, ms. */
  readonly holdMs: number;
  readonly connectors: Connectors;
  /** Time of day, ms since 1970. */
  readonly timeOfDay: () => number;
  /** Name of this device, as peers see it. */
  readonly deviceName: () => string;
}
