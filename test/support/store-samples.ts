/** Records to keep, folders to keep them in, and file systems that break where a test says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import { Secret } from '../../src/engine/pairing/secret.ts';
import { realFileSystem } from '../../src/engine/store/file-system.ts';
import type { FileSystem } from '../../src/engine/store/file-system.ts';
import type { PeerRecord } from '../../src/engine/store/peer-record.ts';
import type { ShareRecord } from '../../src/engine/store/share-store.ts';

const made: string[] = [];

/** A folder of this user alone; `removeFolders()` ends it. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-store-'));
  made.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A peer that is the same for the same number. */
export function samplePeer(number: number, change: Partial<PeerRecord> = {}): PeerRecord {
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(0, number);
  const { deviceId, publicKey } = createIdentity(seed);
  return {
    deviceId,
    publicKey,
    name: `Büro ${number} 🖥`,
    pairKey: new Secret(seed.map((byte) => byte ^ 0x5a)),
    pairedAt: 1_790_000_000_000 + number,
    lastSeen: null,
    trust: 'confirmed',
    endpoints: [{ host: '192.168.1.20', port: 4000 + (number % 1000) }],
    rendezvous: ['wss://rendezvous.example/'],
    forwards: {
      mode: 'all',
      entries: [
        { share: 'ab'.repeat(16), name: 'web', port: 8080, sharedPort: 80, loopback: true },
      ],
      declined: ['cd'.repeat(16)],
    },
    ...change,
  };
}

export function sampleShare(number: number, change: Partial<ShareRecord> = {}): ShareRecord {
  return {
    id: number.toString(16).padStart(32, '0'),
    name: `share ${number}`,
    target: { host: 'loopback', port: 8000 + number },
    access: { kind: 'everyone', except: [] },
    lan: 'this-computer',
    lifetime: 'kept',
    ...change,
  };
}

/** A peer with its secrets to be compared; `Secret` shows nothing of itself. */
export function plainPeer(peer: PeerRecord | undefined): unknown {
  if (peer === undefined) return undefined;
  return {
    ...peer,
    publicKey: Buffer.from(peer.publicKey).toString('hex'),
    pairKey: Buffer.from(peer.pairKey.reveal()).toString('hex'),
  };
}

type Call = keyof FileSystem;

/**
 * A file system that asks `before` with the number of each call, from 1 on, and tells `after` it.
 * Every write is cut in two, so that there is a call between its halves.
 */
export function watchedFileSystem(watch: {
  readonly before?: (step: number, call: Call) => void;
  readonly after?: (step: number, call: Call) => void;
}): FileSystem {
  let step = 0;
  function watched<Result>(call: Call, act: () => Result): Result {
    step++;
    watch.before?.(step, call);
    const result = act();
    watch.after?.(step, call);
    return result;
  }
  return new Proxy(realFileSystem, {
    get(target, name: Call) {
      if (name === 'writeSync') {
        return (file: number, bytes: Uint8Array, from: number) => {
          const length = from === 0 ? bytes.length >> 1 : bytes.length - from;
          return watched(name, () => target.writeSync(file, bytes, from, length));
        };
      }
      const original = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => watched(name, () => original(...args));
    },
  });
}
