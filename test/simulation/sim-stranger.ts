/**
 * Somebody who is not paired, on a carrier of their own: speaks of sockets and sessions before, and
 * instead of, proving who they are (I4).
 */
import { create } from '@bufbuild/protobuf';
import type { Carrier } from '../../src/engine/carrier/carrier.ts';
import { encodeHandshake, PROTOCOL_VERSION } from '../../src/engine/link/handshake.ts';
import { encodeConnect, encodeCredit, encodeFin } from '../../src/engine/protocol/frame.ts';
import { AuthSchema, HelloSchema } from '../../src/engine/protocol/generated/session_pb.ts';

/** A share id no conversation has. */
const NOBODYS_SHARE = Uint8Array.of(0xff, 0xff);

export function speakOutOfTurn(carrier: Carrier, random: () => number): void {
  carrier.start({
    onMessage: () => undefined,
    onDrained: () => undefined,
    onClosed: () => carrier.close(),
  });
  const publicKey = new TextEncoder().encode('stranger');
  const hello = create(HelloSchema, { version: PROTOCOL_VERSION, publicKey, name: 'stranger' });
  const auth = create(AuthSchema, { signature: new TextEncoder().encode('let me out') });
  const messages = [
    encodeHandshake({ case: 'hello', value: hello }, 0),
    encodeHandshake({ case: 'auth', value: auth }, 1),
    encodeConnect(1, { shareId: NOBODYS_SHARE, credit: 65_536 }),
    encodeConnect(2, { shareId: NOBODYS_SHARE, credit: 65_536 }),
    encodeFin(1, 1),
    encodeCredit(0, 3, 0),
  ];
  for (const message of messages) if (random() < 0.7) carrier.send(message);
}
