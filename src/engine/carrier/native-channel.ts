/**
 * The one module that calls node-datachannel: a PeerConnection with its one DataChannel, and every
 * trap of the library handled here (docs/architecture.md, "The native library").
 *
 * Invariant: nothing that happens here aborts the process. No exception leaves a native callback, no
 * object is collected before its last callback, the DataChannel closes before its PeerConnection,
 * and both close even when the other end closed first.
 */
import { randomInt } from 'node:crypto';
import {
  cleanup,
  IceUdpMuxListener,
  PeerConnection,
  setSctpSettings,
  type DataChannel as NativeDataChannel,
  type IceServer as NativeServer,
  type LocalDescriptionInit,
  type PeerConnection as NativePeerConnection,
  type RtcConfig,
} from 'node-datachannel';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { toError } from '../../shared/errors.ts';
import {
  BY_HAND_PORT_TRIES,
  DATACHANNEL_MTU_BYTES,
  FRAME_BYTES_MAX,
  GATE_LOW_WATER_BYTES,
  NATIVE_LINGER_MS,
  SCTP_FAR_BUFFER_BYTES,
  SCTP_NEAR_BUFFER_BYTES,
  SCTP_SACK_DELAY_MS,
} from '../../shared/limits.ts';
import type { Certificate } from './certificate.ts';
import type { IceServer } from './ice-server.ts';

/** The media section of our template. */
const REMOTE_MID = '0';

/** IANA's dynamic ports (RFC 6335 §6). */
const PORTS = { least: 49_152, end: 65_536 } as const;

/** What a channel tells; any of it may come in any order. Nothing comes after `close()`. */
interface NativeEvents {
  onGathered(): void;
  onOpen(): void;
  onMessage(message: string | Uint8Array): void;
  onBufferedAmountLow(): void;
  /** The other end closed, or nothing gets through (any more). */
  onEnded(how: 'closed' | 'failed'): void;
}

interface SelectedAddress {
  readonly address: string;
  readonly port: number;
  /** `relay`: of a TURN server. One of the other end is `prflx` when its packets were here before its description. */
  readonly type: string;
}

export interface SelectedPair {
  readonly local: SelectedAddress;
  readonly remote: SelectedAddress;
}

export interface NativeChannelOptions {
  readonly clock: Clock;
  readonly events: NativeEvents;
  /** Address to bind to. @default all */
  readonly bindAddress?: string | undefined;
  /** What channels that follow each other have in common. @default a new certificate, any port */
  readonly identity?: NativeIdentity | undefined;
  /** What its buffers are made for. @default near */
  readonly path?: 'near' | 'far' | undefined;
  /** At most one STUN server: the library would choose at random. @default none */
  readonly iceServers?: readonly IceServer[] | undefined;
  /** Receives what the event handlers throw. @default it is thrown again outside the library */
  readonly onFault?: ((error: Error) => void) | undefined;
}

/** The certificate and the UDP port of one end, kept while its channels are built anew. */
export interface NativeIdentity {
  readonly certificate: Certificate;
  readonly port: HeldPort;
}

/** Ports that are held. */
const held = new Set<HeldPort>();

/**
 * A UDP port that stays this process's own from one channel to the next: NATs keep their mapping,
 * and nobody else can take it. That matters: a channel on a port that is taken aborts the process.
 *
 * Invariant: it holds from the constructor to `close()`; channels that are on it then keep it.
 */
export class HeldPort {
  readonly port: number;
  readonly #listener: IceUdpMuxListener;
  #closed = false;

  /** Takes a random port; throws when the library gets none. */
  constructor(bindAddress: string | undefined) {
    const { port, listener } = takePort(bindAddress);
    this.port = port;
    this.#listener = listener;
    held.add(this);
  }

  /** Lets go of the port. Close channels that must not have it any more first. Safe to call again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    held.delete(this);
    tryTo(() => this.#listener.stop());
  }
}

function takePort(bindAddress: string | undefined): { port: number; listener: IceUdpMuxListener } {
  for (let tries = 1; ; tries++) {
    const port = randomInt(PORTS.least, PORTS.end);
    try {
      return { port, listener: new IceUdpMuxListener(port, bindAddress) };
    } catch (thrown) {
      if (tries === BY_HAND_PORT_TRIES) throw toError(thrown);
    }
  }
}

/** Holds every channel until the library has let go of it. */
const alive = new Set<NativeChannel>();

export class NativeChannel {
  readonly #options: NativeChannelOptions;
  readonly #connection: NativePeerConnection;
  readonly #channel: NativeDataChannel;
  #closing = false;
  #channelGone = false;
  #connectionGone = false;
  #cancelLinger: CancelTimer | undefined;

  /** Opens the native objects; throws when the library cannot. */
  constructor(options: NativeChannelOptions) {
    this.#options = options;
    this.#connection = openConnection(options);
    this.#channel = this.#connection.createDataChannel('porthole', {
      negotiated: true,
      id: 0,
      unordered: true,
    });
    alive.add(this);
    this.#listen();
  }

  /** Starts gathering addresses. The credentials must be those of `iceCredentials`: others abort the process. */
  setLocal(kind: 'offer' | 'answer', credentials: LocalDescriptionInit): void {
    this.#connection.setLocalDescription(kind, credentials);
  }

  /** Takes the other end's description, as rendered by `renderSdp`; throws when the library refuses it. */
  setRemote(kind: 'offer' | 'answer', sdp: string): void {
    this.#connection.setRemoteDescription(sdp, kind);
  }

  /** Takes one address of the other end, as rendered by `renderCandidates`; one the library refuses is left out. */
  addRemoteCandidate(candidate: string): void {
    if (this.#closing) return;
    tryTo(() => this.#connection.addRemoteCandidate(candidate, REMOTE_MID));
  }

  /** This end's SDP with the addresses gathered so far. */
  localSdp(): string {
    return this.#connection.localDescription()?.sdp ?? '';
  }

  isGathered(): boolean {
    return this.#connection.gatheringState() === 'complete';
  }

  /** The certificate the other end presented, as the library names it; `undefined` before the handshake. */
  remoteFingerprint(): { algorithm: string; value: string } | undefined {
    try {
      return this.#connection.remoteFingerprint();
    } catch {
      return undefined;
    }
  }

  /** The two addresses that are in use; `undefined` before the connection and after it. */
  selectedPair(): SelectedPair | undefined {
    try {
      return this.#connection.getSelectedCandidatePair() ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** Sends one message; throws when the channel is not open or the message too large. */
  send(message: Uint8Array): void {
    // `false` means queued, not refused.
    this.#channel.sendMessageBinary(message);
  }

  /** Bytes the library holds above the SCTP send buffer; 0 once closed. */
  bufferedAmount(): number {
    return this.#channel.bufferedAmount();
  }

  isOpen(): boolean {
    return this.#channel.isOpen();
  }

  /** Closes both objects, at once and without flushing. Never throws; safe to call again. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    tryTo(() => this.#channel.close());
    tryTo(() => this.#connection.close());
    this.#cancelLinger = this.#options.clock.after(NATIVE_LINGER_MS, () => alive.delete(this));
    this.#letGo();
  }

  #listen(): void {
    const { events } = this.#options;
    const channel = this.#channel;
    channel.setBufferedAmountLowThreshold(GATE_LOW_WATER_BYTES);
    channel.onOpen(this.#guard(() => events.onOpen()));
    channel.onMessage(
      this.#guard((message) =>
        events.onMessage(message instanceof ArrayBuffer ? new Uint8Array(message) : message),
      ),
    );
    channel.onBufferedAmountLow(this.#guard(() => events.onBufferedAmountLow()));
    // A channel error ends in onClosed too, which has all there is to do.
    channel.onError(() => undefined);
    channel.onClosed(() => {
      this.#channelGone = true;
      this.#handle(() => events.onEnded('closed'));
      this.#letGo();
    });
    this.#connection.onGatheringStateChange(
      this.#guard((state) => {
        if (state === 'complete') events.onGathered();
      }),
    );
    this.#connection.onStateChange((state) => this.#onState(state));
  }

  #onState(state: string): void {
    // "disconnected" is final here, unlike in browsers: the library closes itself right after.
    const failed = state === 'disconnected' || state === 'failed';
    const closed = state === 'closed';
    if (closed) this.#connectionGone = true;
    if (failed || closed) {
      this.#handle(() => this.#options.events.onEnded(failed ? 'failed' : 'closed'));
    }
    this.#letGo();
  }

  /** Makes an event handler out of `handler` that the library can call safely. */
  #guard<A extends unknown[]>(handler: (...values: A) => void): (...values: A) => void {
    return (...values) => this.#handle(() => handler(...values));
  }

  /** Handles an event: nothing after `close()`, and what is thrown is reported outside the library. */
  #handle(action: () => void): void {
    if (this.#closing) return;
    try {
      action();
    } catch (thrown) {
      const error = toError(thrown);
      setImmediate(() => {
        if (!this.#options.onFault) throw error;
        this.#options.onFault(error);
      });
    }
  }

  /** Ends the wait for last callbacks that `releaseDataChannels` made impossible. */
  forget(): void {
    this.#cancelLinger?.();
  }

  #letGo(): void {
    if (!this.#closing || !this.#channelGone || !this.#connectionGone) return;
    this.#cancelLinger?.();
    alive.delete(this);
  }
}

/** Calls into the library where a refusal changes nothing for us. */
function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // An address less, or an object that is closed already.
  }
}

/**
 * Closes every channel and ends the library's threads. Call it once, last, before the process ends:
 * a connection that never opened would keep it alive. Never throws.
 */
export function releaseDataChannels(): void {
  for (const channel of alive) channel.close();
  for (const port of held) port.close();
  try {
    cleanup();
  } catch {
    // The process ends; threads that did not stop in time end with it.
  }
  // They stay referenced: collecting one that was not called back for the last time can crash.
  for (const channel of alive) channel.forget();
}

function openConnection(options: NativeChannelOptions): NativePeerConnection {
  const { bindAddress, identity, iceServers, path } = options;
  const bufferBytes = path === 'far' ? SCTP_FAR_BUFFER_BYTES : SCTP_NEAR_BUFFER_BYTES;
  // Global and read at each connection's start; fields left out would return to their defaults.
  setSctpSettings({
    recvBufferSize: bufferBytes,
    sendBufferSize: bufferBytes,
    delayedSackTime: SCTP_SACK_DELAY_MS,
  });
  return new PeerConnection('porthole', {
    iceServers: (iceServers ?? []).map(nativeServer),
    disableAutoNegotiation: true,
    maxMessageSize: FRAME_BYTES_MAX,
    mtu: DATACHANNEL_MTU_BYTES,
    ...(bindAddress === undefined ? {} : { bindAddress }),
    ...(identity === undefined ? {} : fixedBy(identity)),
  });
}

/** As an object: in its URLs the library takes neither IPv6 addresses nor every password. */
function nativeServer(server: IceServer): NativeServer {
  const { host: hostname, port } = server;
  if (server.kind === 'stun') return { hostname, port };
  const { username, password } = server;
  return {
    hostname,
    port,
    username,
    password: Buffer.from(password.reveal()).toString('utf8'),
    relayType: 'TurnUdp',
  };
}

/** Channels share a held port by multiplexing: each gets the packets with its own ICE credentials. */
function fixedBy({ certificate, port }: NativeIdentity): Partial<RtcConfig> {
  return {
    certificatePemFile: certificate.pem,
    keyPemFile: Buffer.from(certificate.key.reveal()).toString('utf8'),
    enableIceUdpMux: true,
    portRangeBegin: port.port,
    portRangeEnd: port.port,
  };
}
