/**
 * What this device shares, and with whom. A peer names a share by its id, never a host or a port.
 *
 * Invariant: whether a device may use a share is decided at every CONNECT, from what the book says
 * then. An id that is not in the book cannot be told from one the peer may not use: both go the
 * same way to the same answer, and nothing is connected to.
 */
import type { Clock } from '../../shared/clock.ts';
import type { Access, Health } from '../../shared/contract.ts';
import { DEVICE_NAME_BYTES_MAX } from '../../shared/limits.ts';
import type { Target } from '../../shared/target.ts';
import type { SharedService } from '../link/link.ts';
import { cutName } from '../pairing/device-name.ts';
import type { DialAttempt, Dialer, DialOutcome } from '../tunnel/dialer.ts';
import { Meter, NO_TRAFFIC, sumOfTraffic } from '../tunnel/meter.ts';
import type { Traffic } from '../tunnel/meter.ts';
import { allows } from './access.ts';
import { TargetDialer } from './dial-target.ts';
import type { DialRequest, Lookup } from './dial-target.ts';
import { TargetHealth } from './target-health.ts';
import { isLoopback } from './target-policy.ts';
import type { LanRule } from './target-policy.ts';

/** A live share. */
export interface Share {
  /** 32 hexadecimal digits: 128 random bits, beyond guessing. */
  readonly id: string;
  readonly name: string;
  readonly target: Target;
  readonly access: Access;
  readonly lan: LanRule;
}

export interface ShareBookEvents {
  /** The share was added, removed, or something peers hear of it changed: announce to them again. */
  onChanged(shareId: string): void;
  /** Its target answers again, or does not any more. `onChanged` comes right behind it. */
  onHealth(shareId: string, health: 'up' | 'down'): void;
}

export interface ShareBookOptions {
  readonly clock: Clock;
  /** Like `Math.random`; spreads the looks at targets. */
  readonly random: () => number;
  /** Ports where this program itself listens on this computer; nothing leads there. */
  readonly ownPorts: () => ReadonlySet<number>;
  /** Whether targets are looked at by themselves. @default 'on' */
  readonly probes?: 'on' | 'off';
  /** @default the resolver of the system */
  readonly lookup?: Lookup;
  readonly events: ShareBookEvents;
}

/** What nobody may use: in place of a share that is not there, so that both take the same way. */
const NO_SHARE: Share = {
  id: '',
  name: '',
  target: { host: 'loopback', port: 0 },
  access: { kind: 'chosen', peers: [] },
  lan: 'this-computer',
};

export class ShareBook {
  readonly #events: ShareBookEvents;
  readonly #probes: 'on' | 'off';
  readonly #dialer: TargetDialer;
  readonly #health: TargetHealth;
  readonly #shares = new Map<string, Share>();
  /** By share, then by device; kept when a share goes, for what was moved stays moved. */
  readonly #meters = new Map<string, Map<string, Meter>>();

  constructor(options: ShareBookOptions) {
    const { clock, random, ownPorts, lookup, events } = options;
    this.#events = events;
    this.#probes = options.probes ?? 'on';
    this.#dialer = new TargetDialer({ clock, ownPorts, ...(lookup ? { lookup } : {}) });
    this.#health = new TargetHealth({
      clock,
      random,
      onHealth: (shareId, health) => {
        events.onHealth(shareId, health);
        events.onChanged(shareId);
      },
    });
  }

  /**
   * Adds a share, or puts it in the place of the one with its id. Throws `E_TARGET_FORBIDDEN` or
   * `E_LAN_TARGET` when its target may not be shared.
   */
  add(share: Share): void {
    this.#dialer.requireShareable(share);
    this.#shares.set(share.id, share);
    if (this.#probes === 'on')
      this.#health.add(share.id, (outcome) => this.#dialer.probe(share, outcome));
    this.#events.onChanged(share.id);
  }

  /** Takes a share out; the connections to it end when its sessions hear of it. */
  remove(shareId: string): void {
    if (!this.#shares.delete(shareId)) return;
    this.#health.remove(shareId);
    this.#events.onChanged(shareId);
  }

  /** Replaces who may use a share. */
  setAccess(shareId: string, access: Access): void {
    const share = this.#shares.get(shareId);
    if (share === undefined || share.access === access) return;
    this.#shares.set(shareId, { ...share, access });
    this.#events.onChanged(shareId);
  }

  get(shareId: string): Share | undefined {
    return this.#shares.get(shareId);
  }

  list(): Share[] {
    return [...this.#shares.values()];
  }

  /** `unknown` until the first look at its target. */
  healthOf(shareId: string): Health {
    return this.#health.of(shareId);
  }

  /** Rejects with `E_TARGET_FORBIDDEN` or `E_LAN_TARGET`; unlike `add` it resolves a name, for a person who waits. */
  checkShareable(request: DialRequest): Promise<void> {
    return this.#dialer.checkShareable(request);
  }

  /** Whether the device may use the share now. */
  isAllowed(shareId: string, deviceId: string): boolean {
    return allows((this.#shares.get(shareId) ?? NO_SHARE).access, deviceId);
  }

  /** What the device may use, as it may see it. */
  announcedTo(deviceId: string): SharedService[] {
    return this.list()
      .filter(({ access }) => allows(access, deviceId))
      .map((share) => this.#announced(share));
  }

  /** Opens what the device asks for, if it may use it at that moment. */
  dialerFor(deviceId: string): Dialer {
    const find = (shareId: Uint8Array): Share | undefined => {
      const share = this.#shares.get(Buffer.from(shareId).toString('hex')) ?? NO_SHARE;
      return allows(share.access, deviceId) ? share : undefined;
    };
    return {
      mayDial: (shareId) => find(shareId) !== undefined,
      dial: (shareId, outcome) => {
        const share = find(shareId);
        if (share === undefined) return 'not-allowed';
        return this.#dial(share, outcome, this.#meterOf(share.id, deviceId));
      },
    };
  }

  /** What has gone through a share since it was added. */
  trafficOf(shareId: string): Traffic {
    return sumOfTraffic(this.#meters.get(shareId)?.values() ?? []);
  }

  /** What a device has moved through all shares. */
  trafficWith(deviceId: string): Traffic {
    return sumOfTraffic(
      [...this.#meters.values()].map((ofShare) => ofShare.get(deviceId) ?? NO_TRAFFIC),
    );
  }

  /** Looks at no target any more. */
  close(): void {
    this.#health.close();
  }

  #announced({ id, name, target }: Share): SharedService {
    return {
      id: Buffer.from(id, 'hex'),
      name: cutName(name, DEVICE_NAME_BYTES_MAX),
      port: target.port,
      loopback: isLoopback(target),
      down: this.#health.of(id) === 'down',
    };
  }

  #meterOf(shareId: string, deviceId: string): Meter {
    const ofShare = this.#meters.get(shareId) ?? new Map<string, Meter>();
    this.#meters.set(shareId, ofShare);
    const meter = ofShare.get(deviceId) ?? new Meter();
    ofShare.set(deviceId, meter);
    return meter;
  }

  #dial(share: Share, outcome: DialOutcome, meter: Meter): DialAttempt {
    const telling: DialOutcome = {
      onConnected: (local) => {
        this.#health.onConnected(share.id);
        outcome.onConnected(local);
      },
      onFailed: (code) => {
        this.#health.onConnectFailed(share.id);
        outcome.onFailed(code);
      },
    };
    return this.#dialer.dial(share, telling, meter);
  }
}
