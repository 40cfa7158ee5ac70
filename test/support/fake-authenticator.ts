/** An Authenticator that believes everybody who says the word: for tests of everything but identity. */
import { create } from '@bufbuild/protobuf';
import type { Authenticator, PeerIdentity } from '../../src/engine/link/authenticator.ts';
import { PROTOCOL_VERSION } from '../../src/engine/link/handshake.ts';
import { AuthSchema, HelloSchema } from '../../src/engine/protocol/generated/session_pb.ts';
import type { Auth, Hello } from '../../src/engine/protocol/generated/session_pb.ts';
import { portholeError } from '../../src/shared/errors.ts';

const WORD = new TextEncoder().encode('let me in');

export class FakeAuthenticator implements Authenticator {
  readonly deviceId: string;
  readonly #version: number;

  constructor(deviceId: string, version = PROTOCOL_VERSION) {
    this.deviceId = deviceId;
    this.#version = version;
  }

  hello(): Hello {
    const publicKey = new TextEncoder().encode(this.deviceId);
    return create(HelloSchema, { version: this.#version, publicKey, name: this.deviceId });
  }

  prove(): Auth {
    return create(AuthSchema, { signature: WORD });
  }

  check(peerHello: Hello, auth: Auth): PeerIdentity {
    if (!Buffer.from(WORD).equals(auth.signature)) throw portholeError('E_IDENTITY');
    const deviceId = new TextDecoder().decode(peerHello.publicKey);
    return { publicKey: peerHello.publicKey, deviceId, name: peerHello.name };
  }
}
