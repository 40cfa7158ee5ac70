/**
 * DataChannels between two ends in this process, over UDP on 127.0.0.1, and what may stand between
 * them: nothing, or whatever a test puts into the addresses.
 *
 * Invariant: `closeChannels()` closes every end that was opened here.
 */
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { DataChannelConnector } from '../../src/engine/carrier/datachannel.ts';
import {
  packDescription,
  type SessionDescription,
  unpackDescription,
} from '../../src/engine/pairing/description.ts';
import { systemClock } from '../../src/engine/system-clock.ts';
import { trying } from './trying.ts';

const LOOPBACK = '127.0.0.1';
const connectors = new Set<DataChannelConnector>();

/** Both ends of an open channel: the offerer's and the answerer's. */
export type ChannelEnds = readonly [offerer: Carrier, answerer: Carrier];

/** Changes a description on its way, as who relays it could. */
export type Redirect = (description: SessionDescription) => Promise<SessionDescription>;

export function closeChannels(): void {
  for (const connector of connectors) connector.close();
  connectors.clear();
}

export function connectorAt(role: 'offerer' | 'answerer'): DataChannelConnector {
  const made = new DataChannelConnector({ role, clock: systemClock, bindAddress: LOOPBACK });
  connectors.add(made);
  return made;
}

/** Opens a channel; rejects as `DataChannelConnector.opened` does. */
export async function openChannel(redirect: Redirect = async (same) => same): Promise<ChannelEnds> {
  return trying(async () => {
    const [offerer, answerer] = [connectorAt('offerer'), connectorAt('answerer')];
    answerer.accept(await carried(await offerer.describe(), redirect));
    offerer.accept(await carried(await answerer.describe(), redirect));
    return Promise.all([offerer.opened, answerer.opened]);
  });
}

/** Through the tuple, as in life. */
async function carried(
  description: SessionDescription,
  redirect: Redirect,
): Promise<SessionDescription> {
  return unpackDescription(packDescription(await redirect(description)));
}

/** Passes what arrives at each of two ends on at the other. */
export function spliceCarriers(one: Carrier, other: Carrier): void {
  pass(one, other);
  pass(other, one);
}

function pass(from: Carrier, to: Carrier): void {
  from.start({
    onMessage: (message) => {
      try {
        to.send(message.slice());
      } catch {
        // That end is closed.
      }
    },
    onDrained: () => undefined,
    onClosed: () => to.close(),
  });
}
