/** The identity of this computer, kept as a seed in a secret store. */
import { randomBytes } from 'node:crypto';
import { portholeError } from '../../shared/errors.ts';
import { createIdentity, SEED_BYTES } from '../pairing/identity.ts';
import type { Identity } from '../pairing/identity.ts';
import { Secret } from '../pairing/secret.ts';
import type { SecretStore } from './secret-store.ts';

/** The identity kept, if there is one. Throws `E_KEY_UNREADABLE` and what the store throws. */
export function loadIdentity(store: SecretStore): Identity | undefined {
  const seed = store.load('identity');
  if (seed === undefined) return undefined;
  if (seed.reveal().length === SEED_BYTES) return createIdentity(seed.reveal());
  const path = store.placeOf('identity');
  throw portholeError('E_KEY_UNREADABLE', { path, reason: 'it has the wrong length' });
}

/** The identity kept, or a new one that is kept before it is returned. Throws as `loadIdentity`. */
export function loadOrCreateIdentity(store: SecretStore): Identity {
  const kept = loadIdentity(store);
  if (kept !== undefined) return kept;
  const seed = new Secret(randomBytes(SEED_BYTES));
  store.save('identity', seed);
  return createIdentity(seed.reveal());
}
