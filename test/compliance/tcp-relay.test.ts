/** The reference: the suite itself must hold over a plain TCP relay. `RELAY_FAULT` breaks the relay. */
import { RELAY_FAULTS, TcpRelay } from '../support/tcp-relay.ts';
import { describeTunnel } from './tunnel-compliance.ts';
import type { Way } from './tunnel-under-test.ts';

const fault = RELAY_FAULTS.find((known) => known === process.env['RELAY_FAULT']);

async function openRelays(): Promise<Way> {
  const relays = new Set<TcpRelay>();
  return Promise.resolve({
    forward: async (target) => {
      const relay = await TcpRelay.start(target, fault);
      relays.add(relay);
      return { port: relay.port, close: async () => relay.close() };
    },
    close: async () => Promise.resolve(),
    open: () => [...relays].reduce((sum, relay) => sum + relay.openSockets, 0),
  });
}

describeTunnel(`a plain TCP relay${fault === undefined ? '' : `, broken: ${fault}`}`, openRelays);
