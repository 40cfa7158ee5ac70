/** An Authenticator that believes everybody who says the word: for tests of everything but identity. */
import { create } from '@bufbuild/protobuf';
import type {
  Authenticator,
  PeerIdentity,
  Settlement,
} from '../../src/engine/link/authenticator.ts';
import { PROTOCOL_VERSION } from '../../src/engine/link/handshake.ts';
import {
  AuthSchema,
  HelloSchema,
  ReadySchema,
} from '../../src/engine/protocol/generated/session_pb.ts';
import type { Auth, Hello, Ready } from '../../src/engine/protocol/generated/session_pb.ts';
import { portholeError } from '../../src/shared/errors.ts';

const WORD = new TextEncoder().encode('let me in');

export class FakeAuthenticator implements Authenticator {
  readonly deviceId: string;
  readonly readyTurn = 'at-once';
  readonly #version: number;
  #peerHello: Hello | undefined;

  constructor(deviceId: string, version = PROTOCOL_VERSION) {
    this.deviceId = deviceId;
    this.#version = version;
  }

  hello(): Hello {
    const publicKey = new TextEncoder().encode(this.deviceId);
    return create(HelloSchema, { version: this.#version, publicKey, name: this.deviceId });
  }

  prove(peerHello: Hello): Auth {
    this.#peerHello = peerHello;
    return create(AuthSchema, { signature: WORD });
  }

  check(auth: Auth): PeerIdentity {
    if (!Buffer.from(WORD).equals(auth.signature)) throw portholeError('E_IDENTITY');
    const { publicKey, name } = this.#peerHello as Hello;
    return { publicKey, deviceId: new TextDecoder().decode(publicKey), name };
  }

  ready(): Ready {
    return create(ReadySchema);
  }

  settle(): Settlement {
    return { kind: 'settled' };
  }

  async keep(): Promise<void> {}

  abort(): void {}
}
