/** The servers that help two networks to a direct connection, or relay it. */
import type { Secret } from '../pairing/secret.ts';

/** Tells what our address looks like from outside (RFC 8489). UDP. */
export interface StunServer {
  readonly kind: 'stun';
  /** Name or address. */
  readonly host: string;
  readonly port: number;
}

/** Relays what two networks cannot send each other (RFC 8656). UDP. */
export interface TurnServer {
  readonly kind: 'turn';
  /** Name or address. */
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: Secret;
}

export type IceServer = StunServer | TurnServer;
