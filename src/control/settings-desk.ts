/**
 * What a person changes in the settings of a running Porthole.
 *
 * Invariant: what is shown is what is stored; what takes effect only at the next start is said to.
 */
import { hostname } from 'node:os';
import type { Engine } from '../engine/engine.ts';
import { exportIdentity } from '../engine/store/identity-backup.ts';
import type { DataFolder } from '../engine/store/open-data-folder.ts';
import { changedSettings, needsRestart, shownSettings } from '../engine/store/settings-change.ts';
import type { Settings } from '../engine/store/settings-store.ts';
import type { SettingsChange, SettingsView } from '../shared/contract.ts';
import { portholeError } from '../shared/errors.ts';

export class SettingsDesk {
  readonly #data: DataFolder;
  readonly #engine: Engine;
  /** What the engine was started with. */
  #running: Settings;

  constructor(data: DataFolder, engine: Engine) {
    this.#data = data;
    this.#engine = engine;
    this.#running = data.settings.get();
  }

  /** The engine runs; it has chosen and kept a port where there was none. */
  started(): void {
    this.#running = this.#data.settings.get();
  }

  view(): SettingsView {
    const stored = this.#data.settings.get();
    return {
      ...shownSettings(stored, hostname()),
      deviceId: this.#engine.deviceId,
      keyStorage: this.#data.secrets.describe(),
      folder: this.#data.path,
      restart: needsRestart(this.#running, stored) ? 'needed' : 'not-needed',
    };
  }

  /** Throws E_USAGE or E_DATA_DIR, and then nothing has changed. */
  change(change: SettingsChange): SettingsView {
    const after = changedSettings(this.#data.settings.get(), change);
    this.#data.settings.save(after);
    const name = after.deviceName ?? hostname();
    if (name !== this.#engine.deviceName) this.#engine.setDeviceName(name);
    return this.view();
  }

  /** Rejects with E_USAGE for an empty passphrase. */
  async backup(passphrase: string): Promise<{ backup: string }> {
    const seed = this.#data.secrets.load('identity');
    if (seed === undefined) throw portholeError('E_NO_DAEMON');
    const { deviceName } = this.#engine;
    const peers = this.#data.peers.all();
    return { backup: await exportIdentity({ seed, deviceName, peers }, passphrase) };
  }
}
