/** A computer between two links: it has a carrier to each of them, and passes on what it likes. */
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { memoryCarrierPair } from '../../src/engine/carrier/memory.ts';
import type { Authenticator } from '../../src/engine/link/authenticator.ts';
import { encodeHandshake, parseHandshake } from '../../src/engine/link/handshake.ts';
import { FRAME, parseFrame } from '../../src/engine/protocol/frame.ts';
import type { Handshake } from '../../src/engine/protocol/generated/session_pb.ts';
import { seededRandom } from '../../src/shared/random.ts';
import { FakeDialer } from './fake-dialer.ts';
import { linkSide, type LinkSide } from './link-pair.ts';
import { VirtualClock } from './virtual-clock.ts';

export type Kind = Handshake['kind'];
export type Sender = 'sharer' | 'joiner';
/** What becomes of a handshake message on its way: the same, others, or none. */
export type Tamper = (kind: Kind, from: Sender) => Kind | Kind[];

export interface SplicedLinks {
  readonly clock: VirtualClock;
  readonly sharer: LinkSide;
  readonly joiner: LinkSide;
  readonly dialer: FakeDialer;
  /** Every handshake message as its sender sent it, in order. */
  readonly sent: { readonly kind: Kind; readonly from: Sender }[];
}

export interface SpliceOptions {
  /** Given the carrier of that side; its binding is the real one of this splice. */
  readonly sharer: (carrier: Carrier) => Authenticator;
  readonly joiner: (carrier: Carrier) => Authenticator;
  /** @default everything passes as it is */
  readonly tamper?: Tamper;
}

/** Two links whose carriers end at a computer in the middle. */
export function spliceLinks({
  sharer,
  joiner,
  tamper = (kind) => kind,
}: SpliceOptions): SplicedLinks {
  const clock = new VirtualClock();
  const random = seededRandom(4);
  const [left, leftMiddle] = memoryCarrierPair({ clock, random }).ends;
  const [right, rightMiddle] = memoryCarrierPair({ clock, random }).ends;
  const sent: SplicedLinks['sent'] = [];
  const dialer = new FakeDialer(clock, () => ({ kind: 'not-allowed' }));
  const pass = (from: Sender, to: Carrier) => (message: Uint8Array) => {
    for (const passed of tampered(message, from, { tamper, sent })) to.send(passed);
  };
  join(leftMiddle, rightMiddle, pass('sharer', rightMiddle));
  join(rightMiddle, leftMiddle, pass('joiner', leftMiddle));
  return {
    clock,
    sent,
    dialer,
    sharer: linkSide({ carrier: left, clock, dialer, authenticator: sharer(left) }),
    joiner: linkSide({ carrier: right, clock, dialer, authenticator: joiner(right) }),
  };
}

function join(from: Carrier, to: Carrier, onMessage: (message: Uint8Array) => void): void {
  from.start({ onMessage, onDrained: () => undefined, onClosed: () => to.close() });
}

function tampered(
  message: Uint8Array,
  from: Sender,
  { tamper, sent }: { tamper: Tamper; sent: SplicedLinks['sent'] },
): Uint8Array[] {
  if (message[0] !== FRAME.HANDSHAKE) return [message];
  const frame = parseFrame(message);
  const kind = parseHandshake(frame);
  sent.push({ kind, from });
  return [tamper(kind, from)].flat().map((passed) => encodeHandshake(passed, frame.seq));
}
