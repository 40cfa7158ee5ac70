/**
 * A whole pairing through a rendezvous server, in a process of its own, so that it can have its own
 * NODE_EXTRA_CA_CERTS: `remote-pairing-child.ts URL`. Prints how it went as one JSON object.
 */
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import { createInvite } from '../../src/engine/pairing/invite.ts';
import { parseRendezvousUrl } from '../../src/engine/signaling/rendezvous-url.ts';
import { toPortholeError } from '../../src/shared/errors.ts';
import { closeAll, Joiner, RemotePlace, settled, Sharer } from './pairing-computers.ts';

async function pair(url: string): Promise<Record<string, string>> {
  const endpoint = parseRendezvousUrl(url);
  const place = new RemotePlace(endpoint);
  const invite = createInvite({
    publicKey: createIdentity().publicKey,
    nowMs: Date.now(),
    name: 'sharer of tests',
    endpoints: [endpoint],
    trust: 'trust-invite',
  });
  const sharer = new Sharer(place, { invite });
  const state = await place.states.next();
  const joiner = new Joiner();
  const failure = await settled(joiner.claim(invite));
  const joining = failure === undefined ? 'claimed' : toPortholeError(failure).message;
  if (state.kind === 'unreachable') return { hosting: state.error.message, joining };
  return { hosting: state.kind, joining, answer: (await sharer.answers.next()).answer };
}

const [url = ''] = process.argv.slice(2);
const outcome = await pair(url);
await closeAll();
console.log(JSON.stringify({ event: 'outcome', ...outcome }));
