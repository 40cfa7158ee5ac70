/**
 * Makes a Carrier out of two exchanged descriptions: the offerer describes itself, the answerer
 * accepts that and describes itself, the offerer accepts that, and the DataChannel opens.
 *
 * Invariant: a carrier exists only after the other end proved to hold the certificate its
 * description named; whatever goes wrong, `opened` settles and nothing native stays open.
 */
import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { CancelTimer, Clock } from '../../shared/clock.ts';
import { portholeError, toPortholeError, type PortholeError } from '../../shared/errors.ts';
import {
  BY_HAND_CONNECT_MS,
  BY_HAND_RETRY_MS,
  CANDIDATE_HOLD_MS,
  GATHER_TIMEOUT_MS,
  OFFLINE_INVITE_LIFE_MS,
} from '../../shared/limits.ts';
import {
  type Exchange,
  fingerprintText,
  ICE_SECRET_BYTES,
  iceCredentials,
  readLocalSdp,
  renderCandidates,
  renderSdp,
  type SessionDescription,
} from '../pairing/description.ts';
import type { Carrier } from './carrier.ts';
import { connectionLost, DataChannelCarrier } from './datachannel-carrier.ts';
import { createCertificate } from './certificate.ts';
import type { IceServer } from './ice-server.ts';
import { HeldPort, NativeChannel, type NativeIdentity } from './native-channel.ts';

export interface DataChannelOptions {
  readonly role: 'offerer' | 'answerer';
  readonly clock: Clock;
  /** How the descriptions travel; both ends must agree. @default live */
  readonly exchange?: Exchange;
  /** By hand: how long the other end is waited for, ms. @default OFFLINE_INVITE_LIFE_MS */
  readonly lifeMs?: number;
  /** Local address to use. @default all, or loopback where there is nothing else */
  readonly bindAddress?: string;
  /** What its buffers are made for. @default near */
  readonly path?: 'near' | 'far';
  /** Asked for whenever the library begins: at most one STUN server, and none that is dead. @default none */
  readonly iceServers?: () => readonly IceServer[];
  /** Receives what the receiver of the carrier's events throws. @default an uncaught exception */
  readonly onFault?: (error: Error) => void;
}

/**
 * One attempt to connect. Signaled by hand, the other end may take minutes: the connection is built
 * anew whenever the library gives it up, with the same certificate, credentials and port, so that
 * what was described stays true (docs/architecture.md, "By hand").
 */
export class DataChannelConnector {
  /**
   * The carrier, once it is open. Rejects with E_IDENTITY when the other end presented another
   * certificate than it described, otherwise with E_UNREACHABLE, also after `close()`.
   */
  readonly opened: Promise<Carrier>;
  readonly #options: DataChannelOptions;
  #native: NativeChannel | undefined;
  #identity: NativeIdentity | undefined;
  #bindAddress: string | undefined;
  readonly #iceSecret = new Uint8Array(randomBytes(ICE_SECRET_BYTES));
  #resolveOpened!: (carrier: Carrier) => void;
  #rejectOpened!: (error: PortholeError) => void;
  #cancelHold: CancelTimer = () => undefined;
  #cancelRetry: CancelTimer = () => undefined;
  #cancelLife: CancelTimer = () => undefined;
  #endGathering: () => void = () => undefined;
  #described: Promise<SessionDescription> | undefined;
  #remote: SessionDescription | undefined;
  #carrier: DataChannelCarrier | undefined;
  #failure: PortholeError | undefined;

  constructor(options: DataChannelOptions) {
    this.#options = options;
    this.opened = new Promise((resolve, reject) => {
      this.#resolveOpened = resolve;
      this.#rejectOpened = reject;
    });
    // Whoever only describes and closes need not look at it.
    this.opened.catch(() => undefined);
    if (options.role === 'offerer') this.#openNative(localAddress());
    if (this.#isByHand) this.#limitTo(options.lifeMs ?? OFFLINE_INVITE_LIFE_MS);
  }

  /**
   * This end's description, with the addresses found within GATHER_TIMEOUT_MS. An answerer has to
   * accept the offer first. Rejects with E_UNREACHABLE after `close()`.
   */
  describe(): Promise<SessionDescription> {
    this.#described ??= this.#describe();
    return this.#described;
  }

  /**
   * Takes the other end's description; after `close()` does nothing. Throws E_PROTOCOL for a second
   * one or one of the wrong kind.
   */
  accept(remote: SessionDescription): void {
    if (this.#failure) return;
    const kind = this.#isOfferer ? 'answer' : 'offer';
    if (remote.kind !== kind || this.#remote) {
      throw portholeError('E_PROTOCOL', { reason: 'a description that nobody asked for' });
    }
    if (this.#isOfferer && !this.#described) throw misuse('an answer before the offer was made');
    this.#remote = remote;
    if (this.#isByHand && this.#isOfferer) this.#limitTo(BY_HAND_CONNECT_MS);
    try {
      // An offerer without one is about to build it anew, and will connect that.
      if (!this.#isOfferer) this.#openNative(addressTowards(remote));
      if (this.#native) this.#connect(this.#native, remote);
    } catch (thrown) {
      this.#fail(toPortholeError(thrown));
    }
  }

  /** Gives up, and closes the carrier if there is one. Safe to call again. */
  close(): void {
    this.#carrier?.close();
    this.#fail(portholeError('E_UNREACHABLE', { reason: 'the attempt was stopped' }));
  }

  /** Gives up, unless the carrier is open: then whoever got it ends it. */
  abandon(): void {
    if (this.#carrier === undefined) this.close();
  }

  /** Whether the other end's description was accepted. */
  get wasAnswered(): boolean {
    return this.#remote !== undefined;
  }

  get #isOfferer(): boolean {
    return this.#options.role === 'offerer';
  }

  get #isByHand(): boolean {
    return this.#options.exchange === 'by-hand';
  }

  /** Gives `native` the other end's description; the answerer's own follows from it. */
  #connect(native: NativeChannel, remote: SessionDescription): void {
    native.setRemote(remote.kind, renderSdp(remote, this.#options.exchange ?? 'live'));
    if (!this.#isOfferer) native.setLocal('answer', iceCredentials(this.#iceSecret));
    if (this.#isOfferer) this.#addCandidates(remote);
    else this.#holdCandidates(remote);
  }

  /** `fallback` unless the options name an address; none means all addresses. */
  #openNative(fallback: string | undefined): NativeChannel {
    const { clock, bindAddress = fallback, iceServers, path, onFault } = this.#options;
    this.#bindAddress = bindAddress;
    if (this.#isByHand) {
      this.#identity ??= { certificate: createCertificate(), port: new HeldPort(bindAddress) };
    }
    this.#native = new NativeChannel({
      clock,
      bindAddress,
      identity: this.#identity,
      iceServers: iceServers?.(),
      path,
      onFault,
      events: {
        onGathered: () => this.#endGathering(),
        onOpen: () => this.#open(),
        onMessage: (message) => {
          // It can overtake onOpen.
          this.#open();
          this.#carrier?.deliver(message);
        },
        onBufferedAmountLow: () => this.#carrier?.drained(),
        onEnded: (how) => this.#ended(how),
      },
    });
    return this.#native;
  }

  /**
   * Nothing may connect while the library stores a description: it starts ICE first, and a DTLS
   * handshake that is done before the fingerprint is there fails. So addresses come only after it,
   * and the answerer lets the offerer knock first.
   */
  #holdCandidates(remote: SessionDescription): void {
    const { clock } = this.#options;
    this.#cancelHold = clock.after(CANDIDATE_HOLD_MS, () => this.#addCandidates(remote));
  }

  #addCandidates(remote: SessionDescription): void {
    for (const candidate of renderCandidates(remote)) this.#native?.addRemoteCandidate(candidate);
  }

  async #describe(): Promise<SessionDescription> {
    if (this.#failure) throw this.#failure;
    if (this.#isOfferer) this.#native?.setLocal('offer', iceCredentials(this.#iceSecret));
    else if (!this.#remote) throw misuse('an answer before the offer');
    await this.#gathering();
    // It can have changed while waiting.
    const failure = this.#failure as PortholeError | undefined;
    if (failure) throw failure;
    return this.#readLocal();
  }

  #gathering(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#native?.isGathered()) {
        resolve();
        return;
      }
      const cancel = this.#options.clock.after(GATHER_TIMEOUT_MS, resolve);
      this.#endGathering = () => {
        cancel();
        resolve();
      };
    });
  }

  #readLocal(): SessionDescription {
    const kind = this.#isOfferer ? 'offer' : 'answer';
    return readLocalSdp({ sdp: this.#native?.localSdp() ?? '', kind, iceSecret: this.#iceSecret });
  }

  #open(): void {
    if (this.#carrier || this.#failure || !this.#remote || !this.#native) return;
    if (this.#identify(this.#remote) !== 'proven') {
      this.#fail(portholeError('E_IDENTITY'));
      return;
    }
    const binding = {
      local: this.#readLocal().fingerprint,
      remote: this.#remote.fingerprint.slice(),
    };
    this.#carrier = new DataChannelCarrier({
      native: this.#native,
      binding,
      clock: this.#options.clock,
      remoteCandidates: this.#remote.candidates,
    });
    this.#stopTrying();
    this.#resolveOpened(this.#carrier);
  }

  /** Whether the certificate the other end presented is the one it described. */
  #identify(remote: SessionDescription): 'unknown' | 'proven' | 'another' {
    const presented = this.#native?.remoteFingerprint();
    if (!presented?.value) return 'unknown';
    const same =
      presented.algorithm === 'sha-256' &&
      presented.value.toUpperCase() === fingerprintText(remote.fingerprint);
    return same ? 'proven' : 'another';
  }

  #ended(how: 'closed' | 'failed'): void {
    if (this.#carrier) {
      this.#carrier.end(connectionLost(how));
      return;
    }
    // The library drops a wrong certificate itself and only says that the handshake failed.
    const impostor = this.#remote && this.#identify(this.#remote) === 'another';
    if (this.#isByHand && !impostor && !this.#failure) {
      this.#retry();
      return;
    }
    this.#fail(
      impostor
        ? portholeError('E_IDENTITY')
        : portholeError('E_UNREACHABLE', {
            reason: how === 'closed' ? 'it hung up' : 'no way between the two networks was found',
          }),
    );
  }

  #fail(error: PortholeError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#rejectOpened(error);
    this.#native?.close();
    this.#stopTrying();
    this.#endGathering();
  }

  /** Ends what is only for a connection that has not opened. */
  #stopTrying(): void {
    this.#cancelHold();
    this.#cancelRetry();
    this.#cancelLife();
    // An open channel keeps it.
    this.#identity?.port.close();
  }

  /** Fails in `ms`, in place of what was the limit before. */
  #limitTo(ms: number): void {
    this.#cancelLife();
    this.#cancelLife = this.#options.clock.after(ms, () =>
      this.#fail(portholeError('E_UNREACHABLE', { reason: 'it did not connect in time' })),
    );
  }

  /** Builds the native connection anew, as the one that the library gave up. */
  #retry(): void {
    this.#cancelHold();
    this.#native?.close();
    this.#native = undefined;
    this.#cancelRetry = this.#options.clock.after(BY_HAND_RETRY_MS, () => this.#rebuild());
  }

  #rebuild(): void {
    try {
      const native = this.#openNative(this.#bindAddress);
      if (this.#isOfferer && this.#described) {
        native.setLocal('offer', iceCredentials(this.#iceSecret));
      }
      if (this.#remote) this.#connect(native, this.#remote);
    } catch (thrown) {
      this.#fail(toPortholeError(thrown));
    }
  }
}

function misuse(reason: string): PortholeError {
  return portholeError('E_INTERNAL', { reason });
}

const LOOPBACK = '127.0.0.1';

/** Loopback where this computer has no other network: the library offers it only when bound to it. */
function localAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  const reachable = addresses.some((info) => !info.internal && !info.address.startsWith('fe80:'));
  return reachable ? undefined : LOOPBACK;
}

/**
 * Where to answer from: the offer tells it better than this computer's interfaces, which may only
 * just be coming up. Bound to loopback nothing else could be reached.
 */
function addressTowards({ candidates }: SessionDescription): string | undefined {
  return candidates.every(({ address }) => address === LOOPBACK) ? LOOPBACK : undefined;
}
