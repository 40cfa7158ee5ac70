/** What commands that connect have in common. */
export interface Connection {
  readonly dataDir: string;
  /** Rendezvous servers, `ws://` or `wss://`. */
  readonly rendezvous: readonly string[];
  /** STUN servers, `stun:host:port`. */
  readonly stun: readonly string[];
}
