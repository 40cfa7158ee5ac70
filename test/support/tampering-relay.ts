/**
 * A relay on the UDP way between two DataChannels: both ends are told its addresses in place of each
 * other's, and it does to the packets what it likes, by a seed.
 *
 * Invariant: every packet between the two goes through it; until `begin()` it only passes them on.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SessionDescription } from '../../src/engine/pairing/description.ts';

const LOOPBACK = '127.0.0.1';

/** Parts of all packets that something happens to; the rest passes. */
export interface Harm {
  readonly flip: number;
  readonly drop: number;
  readonly double: number;
  /** Held back until the next packet has passed. */
  readonly swap: number;
  /** Followed by a packet of noise, or an old one again. */
  readonly inject: number;
}

export interface HarmDone {
  passed: number;
  flipped: number;
  dropped: number;
  doubled: number;
  swapped: number;
  injected: number;
}

/** What one end believes to be the other. */
interface Face {
  readonly socket: Socket;
  /** Where the end really is that this face stands for. */
  readonly realPort: number;
  held: Buffer | undefined;
}

export class TamperingRelay {
  readonly done: HarmDone = {
    passed: 0,
    flipped: 0,
    dropped: 0,
    doubled: 0,
    swapped: 0,
    injected: 0,
  };
  readonly #harm: Harm;
  readonly #random: () => number;
  readonly #faces: Face[] = [];
  readonly #old: Buffer[] = [];
  #mood: 'honest' | 'harmful' | 'cut' = 'honest';

  constructor(harm: Harm, random: () => number) {
    this.#harm = harm;
    this.#random = random;
  }

  /** For `openChannel`: puts this relay into a description. */
  async redirect(description: SessionDescription): Promise<SessionDescription> {
    const own = description.candidates.find(({ address }) => address === LOOPBACK);
    if (own === undefined) throw new Error('no address on the loopback interface');
    const socket = createSocket('udp4').bind(0, LOOPBACK);
    await once(socket, 'listening');
    const face: Face = { socket, realPort: own.port, held: undefined };
    // A channel that is tried again has new faces.
    if (this.#faces.length === 2) this.#closeFaces();
    this.#faces.push(face);
    socket.on('error', () => undefined);
    socket.on('message', (packet) => this.#receive(face, packet));
    return { ...description, candidates: [{ ...own, port: socket.address().port }] };
  }

  begin(): void {
    this.#mood = 'harmful';
  }

  /** From now on nothing passes. */
  cut(): void {
    this.#mood = 'cut';
  }

  close(): void {
    this.#closeFaces();
  }

  #closeFaces(): void {
    for (const { socket } of this.#faces.splice(0)) socket.close();
  }

  /** A packet for the end behind `face`; it leaves from the other face, as if from the other end. */
  #receive(face: Face, packet: Buffer): void {
    const other = this.#faces.find((candidate) => candidate !== face);
    if (other === undefined || this.#mood === 'cut') return;
    const packets = this.#mood === 'harmful' ? this.#harmed(face, packet) : [packet];
    for (const sent of packets) other.socket.send(sent, face.realPort, LOOPBACK);
  }

  #harmed(face: Face, packet: Buffer): Buffer[] {
    const { flip, drop, double, swap, inject } = this.#harm;
    const held = face.held === undefined ? [] : [face.held];
    face.held = undefined;
    const lot = this.#random();
    if (lot < drop) return this.#count('dropped', held);
    if (lot < drop + flip) return this.#count('flipped', [this.#flipped(packet), ...held]);
    if (lot < drop + flip + double) return this.#count('doubled', [packet, packet, ...held]);
    if (lot < drop + flip + double + swap) {
      face.held = packet;
      return this.#count('swapped', held);
    }
    if (lot < drop + flip + double + swap + inject) {
      return this.#count('injected', [packet, this.#strange(packet), ...held]);
    }
    if (this.#old.length < 500) this.#old.push(packet);
    return this.#count('passed', [packet, ...held]);
  }

  #count(what: keyof HarmDone, packets: Buffer[]): Buffer[] {
    this.done[what] += 1;
    return packets;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** One to eight bits anywhere, or its end cut off. */
  #flipped(packet: Buffer): Buffer {
    if (this.#random() < 0.1) return packet.subarray(0, this.#below(packet.length));
    const changed = Buffer.from(packet);
    for (let left = 1 + this.#below(8); left > 0; left--) {
      const at = this.#below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << this.#below(8));
    }
    return changed;
  }

  #strange(packet: Buffer): Buffer {
    const old = this.#old[this.#below(this.#old.length)];
    if (old !== undefined && this.#random() < 0.5) return old;
    // Looks like a DTLS record (RFC 6347 §4.1) as far as its header goes.
    const noise = Buffer.from(packet);
    for (let at = 13; at < noise.length; at++) noise[at] = this.#below(256);
    return noise;
  }
}
