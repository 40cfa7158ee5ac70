/**
 * What was captured on a cable (capture.py), read: packets, the streams of TCP connections put
 * together, the datagrams of UDP. IPv4 (RFC 791) and IPv6 without extension headers (RFC 8200).
 */
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import type { Network } from './networks.ts';
import { Child } from './processes.ts';

const SCRIPT = fileURLToPath(new URL('capture.py', import.meta.url));
const ETHERNET_BYTES = 14;
const TYPES = { ipv4: 0x0800, ipv6: 0x86dd } as const;
const PROTOCOLS = { tcp: 6, udp: 17 } as const;

interface Segment {
  /** `from>to`, addresses and ports. */
  readonly flow: string;
  readonly seq: number;
  readonly payload: Buffer;
}

/** One capture under way. */
export class Capture {
  readonly #child: Child;
  readonly #path: string;

  private constructor(child: Child, path: string) {
    this.#child = child;
    this.#path = path;
  }

  /** Captures on `device` of `network` into a file; resolves when it has begun. */
  static async start(network: Network, device: string, path: string): Promise<Capture> {
    const [command, ...args] = [...network.behind, 'python3', '-u', SCRIPT, device, path];
    const child = Child.start({ name: 'a capture', command, args });
    await child.event('capturing');
    return new Capture(child, path);
  }

  async stop(): Promise<CapturedPackets> {
    this.#child.endInput();
    await this.#child.event('captured');
    await this.#child.exited;
    return new CapturedPackets(readFileSync(this.#path));
  }

  async kill(): Promise<void> {
    await this.#child.stop('SIGKILL');
  }
}

export class CapturedPackets {
  /** All that was on the cable, one packet behind the other. */
  readonly bytes: Buffer;
  readonly frames: readonly Buffer[];
  /** The streams of TCP, one for each direction of a connection. */
  readonly streams: readonly Buffer[];
  /** The payloads of UDP. */
  readonly datagrams: readonly Buffer[];

  constructor(file: Buffer) {
    this.bytes = file;
    this.frames = [...framesIn(file)];
    const packets = this.frames.flatMap(packetIn);
    this.datagrams = packets
      .filter(({ protocol }) => protocol === PROTOCOLS.udp)
      .map(({ body }) => body.subarray(8));
    this.streams = streamsOf(
      packets.filter(({ protocol }) => protocol === PROTOCOLS.tcp).map(segmentOf),
    );
  }
}

function* framesIn(file: Buffer): Generator<Buffer> {
  for (let at = 0; at + 4 <= file.length;) {
    const length = file.readUInt32BE(at);
    yield file.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
}

interface Packet {
  readonly protocol: number;
  readonly addresses: string;
  readonly body: Buffer;
}

function packetIn(frame: Buffer): Packet[] {
  const type = frame.readUInt16BE(12);
  const packet = frame.subarray(ETHERNET_BYTES);
  if (type === TYPES.ipv4) {
    const header = (packet.readUInt8(0) & 15) * 4;
    const addresses = packet.toString('hex', 12, 20);
    return [
      {
        protocol: packet.readUInt8(9),
        addresses,
        body: packet.subarray(header, packet.readUInt16BE(2)),
      },
    ];
  }
  if (type !== TYPES.ipv6) return [];
  const body = packet.subarray(40, 40 + packet.readUInt16BE(4));
  return [{ protocol: packet.readUInt8(6), addresses: packet.toString('hex', 8, 40), body }];
}

function segmentOf({ addresses, body }: Packet): Segment {
  const flow = `${addresses} ${body.readUInt16BE(0)} ${body.readUInt16BE(2)}`;
  return { flow, seq: body.readUInt32BE(4), payload: body.subarray((body.readUInt8(12) >> 4) * 4) };
}

/** In order and without what was sent twice; nothing may be missing. */
function streamsOf(segments: readonly Segment[]): Buffer[] {
  const flows = new Map<string, Segment[]>();
  for (const segment of segments.filter(({ payload }) => payload.length > 0)) {
    flows.set(segment.flow, [...(flows.get(segment.flow) ?? []), segment]);
  }
  return [...flows.values()].map((parts) => {
    const sorted = parts.toSorted((one, other) => one.seq - other.seq);
    let stream = Buffer.alloc(0);
    let next = sorted[0]?.seq ?? 0;
    for (const { seq, payload } of sorted) {
      if (seq > next) throw new Error(`the capture misses ${seq - next} bytes of TCP`);
      stream = Buffer.concat([stream, payload.subarray(next - seq)]);
      next = Math.max(next, seq + payload.length);
    }
    return stream;
  });
}
