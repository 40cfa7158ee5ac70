/** The keyring of the system, behind Electron's safeStorage. */
import type { Keyring } from '../engine/store/keyring-secret-store.ts';
import type { DesktopKeyring } from './desktop/desktop.ts';

/** Linux: what Chromium falls back to seals with a password that is in its source. */
const NO_KEYRING = new Set<ReturnType<DesktopKeyring['backend']>>(['basic_text', 'unknown']);

export function keyringOf(keyring: DesktopKeyring): Keyring {
  return {
    look: async () => {
      // Asked first: it is what makes Chromium choose a backend.
      const isAvailable = await keyring.isAsyncEncryptionAvailable();
      return isAvailable && !NO_KEYRING.has(keyring.backend()) ? 'there' : 'missing';
    },
    seal: async (text) => await keyring.encryptStringAsync(text),
    unseal: async (bytes) => {
      const { result, shouldReEncrypt } = await keyring.decryptStringAsync(Buffer.from(bytes));
      return { text: result, state: shouldReEncrypt ? 'stale' : 'fresh' };
    },
  };
}
