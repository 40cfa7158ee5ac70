/** What commands that connect have in common. */
import type { TurnArguments } from '../engine/store/turn-servers.ts';

export interface Connection {
  readonly dataDir: string;
  /** Rendezvous servers, `ws://` or `wss://`. */
  readonly rendezvous: readonly string[];
  /** STUN servers, `stun:host:port`. */
  readonly stun: readonly string[];
  /** TURN servers, `turn:user@host:port`, and where their password is. */
  readonly turn: TurnArguments;
}
