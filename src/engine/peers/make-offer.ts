/**
 * The answering side of a call: makes the offer that goes into the room, and a link of the carrier
 * that comes of it.
 *
 * Invariant: `onLink` or `onFailed` comes once.
 */
import { portholeError, toError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import { CONNECT_TIMEOUT_MS } from '../../shared/limits.ts';
import type { DataChannelConnector } from '../carrier/datachannel.ts';
import { packDescription, unpackDescription } from '../pairing/description.ts';
import type { Offer } from '../pairing/sharer-conversation.ts';
import type { RefusalReason } from '../signaling/envelope.ts';
import type { PeerConnection } from './peer-connection.ts';
import type { LinkRequest, PeerSet } from './peer-set.ts';

export interface MakeOfferOptions {
  readonly peers: PeerSet;
  readonly request: LinkRequest;
  onLink(connection: PeerConnection): void;
  onFailed(thrown: unknown): void;
}

/**
 * Rejects with E_UNREACHABLE when this computer cannot even begin. Withdrawn, it ends whatever came
 * of it but a link that is up.
 */
export async function makeOffer(options: MakeOfferOptions): Promise<Offer> {
  const { peers, request } = options;
  const { connectors, clock } = peers.context;
  await connectors.prepared();
  const connector = connectors.create('offerer', 'live');
  const description = await describe(connector);
  const end = new AbortController();
  let withdraw = (_why?: RefusalReason): void => connector.close();
  const cancelTimer = clock.after(CONNECT_TIMEOUT_MS, () => connector.close());
  connector.opened
    .finally(cancelTimer)
    .then((carrier) => {
      withdraw = (why) => end.abort(farewellOf(why));
      return peers.openLink(carrier, request, end.signal);
    })
    .finally(() => (withdraw = () => {}))
    .then(
      (connection) => options.onLink(connection),
      (thrown: unknown) => options.onFailed(connectors.explain(thrown, connector)),
    );
  return {
    description,
    onAnswer: (answer) => acceptAnswer(connector, answer),
    onWithdrawn: (why) => withdraw(why),
  };
}

/** What the other side is told when a link under way is withdrawn. */
function farewellOf(why: RefusalReason | undefined): PortholeError {
  return portholeError(why === 'used' ? 'E_INVITE_USED' : 'E_INVITE_CANCELLED');
}

async function describe(connector: DataChannelConnector): Promise<Uint8Array> {
  try {
    return packDescription(await connector.describe());
  } catch (thrown) {
    connector.close();
    throw toError(thrown);
  }
}

function acceptAnswer(connector: DataChannelConnector, answer: Uint8Array): void {
  try {
    connector.accept(unpackDescription(answer));
  } catch {
    connector.close();
  }
}
