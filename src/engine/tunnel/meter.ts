/** Counts what goes through the connections of one share with one peer, or of one forward. */

/** All three from the view of this computer; bytes never go back. */
export interface Traffic {
  /** Bytes that came from the peer. */
  readonly received: number;
  /** Bytes that went to the peer. */
  readonly sent: number;
  /** Open now. */
  readonly connections: number;
}

export const NO_TRAFFIC: Traffic = { received: 0, sent: 0, connections: 0 };

export class Meter implements Traffic {
  received = 0;
  sent = 0;
  connections = 0;

  /** The counts as they are now. */
  read(): Traffic {
    const { received, sent, connections } = this;
    return { received, sent, connections };
  }
}

/** All of them together. */
export function sumOfTraffic(parts: Iterable<Traffic>): Traffic {
  const sum = new Meter();
  for (const { received, sent, connections } of parts) {
    sum.received += received;
    sum.sent += sent;
    sum.connections += connections;
  }
  return sum.read();
}
