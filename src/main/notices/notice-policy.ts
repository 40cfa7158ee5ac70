/**
 * Which notifications are shown, replaced and taken away, and when: decided without a clock and
 * without a screen.
 *
 * Invariant: at most one a minute (NOTICE_LEAST_MS) about one device, and one more when its key is
 * another, which cannot be turned off. What waits for its minute is told as it is by then, or not at
 * all. The first state that is seen is no news.
 */
import type { ForwardView, StatusView } from '../../shared/contract.ts';
import { NOTICE_LEAST_MS, NOTICE_SHARES_MAX } from '../../shared/limits.ts';
import type { Preferences } from '../../shared/shell-calls.ts';
import { DeviceNotices } from './device-notices.ts';
import type { DeviceNews } from './device-notices.ts';
import type { PairingRequest } from './pairing-watch.ts';

export type News = DeviceNews | { readonly kind: 'request' };

/** `id`: what a later one with the same id replaces. `peerName`: as the device calls itself. */
export type NoticeStep =
  | {
      readonly kind: 'show';
      readonly id: string;
      readonly peer: string;
      readonly peerName: string;
      readonly news: News;
    }
  | { readonly kind: 'close'; readonly id: string };

/** Which kinds a person wants. */
type Wanted = Preferences['notifications'];

export class NoticePolicy {
  readonly #devices = new Map<string, DeviceNotices>();
  /** Shares seen so far, as `peer share`; the oldest first. */
  readonly #seen = new Set<string>();
  /** When something was told of a device, by its id. */
  readonly #toldAt = new Map<string, number>();
  readonly #keyToldAt = new Map<string, number>();
  #isFirst = true;
  #wanted: Wanted;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  setWanted(wanted: Wanted): void {
    this.#wanted = wanted;
  }

  onStatus(status: StatusView, now: number): NoticeStep[] {
    const steps = this.#forget(status, now);
    for (const peer of status.peers) {
      const known = this.#devices.get(peer.id);
      if (known !== undefined) known.onPeer(peer, status.network, now);
      else {
        const origin = this.#isFirst ? 'known' : 'just-paired';
        this.#devices.set(peer.id, new DeviceNotices(peer, origin, now));
      }
    }
    for (const [id, device] of this.#devices) device.onShares(this.#newShares(status, id), now);
    this.#isFirst = false;
    return [...steps, ...this.onTime(now)];
  }

  /** The time has come that `nextAt` said. */
  onTime(now: number): NoticeStep[] {
    return [...this.#devices.values()].flatMap((device) => this.#stepsOf(device, now));
  }

  /** A pairing waits for a person, who is `watching` the window or is not. */
  onRequest(request: PairingRequest, attention: Attention, now: number): NoticeStep[] {
    const { peer, peerName } = request;
    if (attention === 'watching' || !this.#mayTell(peer, now)) return [];
    // Who has just been asked to compare numbers knows that the device was paired.
    this.#toldAt.set(peer, now);
    if (!this.#wanted.pairing) return [];
    return [{ kind: 'show', id: requestId(request), peer, peerName, news: { kind: 'request' } }];
  }

  /** …and does not wait any more. */
  onOver(request: PairingRequest): NoticeStep[] {
    return [{ kind: 'close', id: requestId(request) }];
  }

  /** This computer slept: nobody was lost meanwhile. */
  onWoke(now: number): void {
    for (const device of this.#devices.values()) device.restart(now);
  }

  /** When `onTime` should be called; null while nothing is on its way. */
  nextAt(now: number): number | null {
    const times = [...this.#devices.values()].flatMap((device) => {
      const { id } = device.peer;
      const at = device.nextAt();
      const keyAt = device.waitsForKey ? [this.#mayTellKeyAt(id)] : [];
      return at === null ? keyAt : [...keyAt, Math.max(at, this.#mayTellAt(id))];
    });
    const later = times.filter((at) => at > now);
    return later.length === 0 ? null : Math.min(...later);
  }

  #stepsOf(device: DeviceNotices, now: number): NoticeStep[] {
    const { id, name } = device.peer;
    const steps: NoticeStep[] = [];
    const show = (news: News): number =>
      steps.push({ kind: 'show', id: noticeId(news, id), peer: id, peerName: name, news });
    if (now >= this.#mayTellKeyAt(id) && device.takeOtherKey() !== null) {
      this.#keyToldAt.set(id, now);
      show({ kind: 'other-key' });
    }
    // That a device is lost is not left standing while it is back.
    if (device.isBack) steps.push({ kind: 'close', id: `connection ${id}` });
    if (!this.#mayTell(id, now)) {
      device.dropPairing();
      return steps;
    }
    const news = device.take(now);
    if (news !== null && this.#isWanted(news)) {
      this.#toldAt.set(id, now);
      show(news);
    }
    return steps;
  }

  #isWanted(news: DeviceNews): boolean {
    switch (news.kind) {
      case 'other-key':
        return true;
      case 'lost':
      case 'back':
        return this.#wanted.lost;
      case 'paired':
        return this.#wanted.pairing;
      case 'shares':
        return this.#wanted.share;
    }
  }

  #mayTell(peer: string, now: number): boolean {
    return now >= this.#mayTellAt(peer);
  }

  #mayTellAt(peer: string): number {
    return (this.#toldAt.get(peer) ?? Number.NEGATIVE_INFINITY) + NOTICE_LEAST_MS;
  }

  #mayTellKeyAt(peer: string): number {
    return (this.#keyToldAt.get(peer) ?? Number.NEGATIVE_INFINITY) + NOTICE_LEAST_MS;
  }

  /** Devices that are gone for good, and times that do not matter any more. */
  #forget({ peers }: StatusView, now: number): NoticeStep[] {
    const ids = new Set(peers.map((peer) => peer.id));
    const gone = [...this.#devices.keys()].filter((id) => !ids.has(id));
    for (const id of gone) this.#devices.delete(id);
    for (const times of [this.#toldAt, this.#keyToldAt]) {
      for (const [id, at] of times) if (now - at >= NOTICE_LEAST_MS) times.delete(id);
    }
    return gone.flatMap((id): NoticeStep[] => [
      { kind: 'close', id: `connection ${id}` },
      { kind: 'close', id: `shares ${id}` },
      { kind: 'close', id: `pairing ${id}` },
      { kind: 'close', id: `key ${id}` },
    ]);
  }

  #newShares({ forwards }: StatusView, peer: string): ForwardView[] {
    const fresh = forwards.filter(
      (forward) => forward.peer === peer && !this.#seen.has(`${peer} ${forward.share}`),
    );
    for (const { share } of fresh) this.#seen.add(`${peer} ${share}`);
    while (this.#seen.size > NOTICE_SHARES_MAX) {
      this.#seen.delete(this.#seen.values().next().value ?? '');
    }
    return this.#isFirst ? [] : fresh;
  }
}

/** Whether the person looks at a window of ours. */
export type Attention = 'watching' | 'away';

function requestId(request: PairingRequest): string {
  return `request ${request.id}`;
}

function noticeId(news: News, peer: string): string {
  switch (news.kind) {
    case 'lost':
    case 'back':
      return `connection ${peer}`;
    case 'shares':
      return `shares ${peer}`;
    case 'other-key':
      return `key ${peer}`;
    case 'paired':
    case 'request':
      return `pairing ${peer}`;
  }
}
