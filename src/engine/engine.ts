/**
 * The composition root: the only module of the engine that a shell calls (types of what the events
 * tell come from where they are defined). It joins the parts to what a person wants: share a
 * target, invite a computer, join one.
 *
 * Invariant: everything it opens is closed by `close()`, and what happened is told through its
 * events, never through a log.
 */
import type { Clock } from '../shared/clock.ts';
import { startDeadline } from './deadline.ts';
import type { Deadline } from './deadline.ts';
import { portholeError, toPortholeError } from '../shared/errors.ts';
import type { ErrorCode, PortholeError } from '../shared/errors.ts';
import {
  CONNECT_TIMEOUT_MS,
  INVITE_NAME_BYTES_MAX,
  JOIN_TRIES_MAX,
  JOIN_TRY_MS,
} from '../shared/limits.ts';
import type { Target } from '../shared/target.ts';
import type { Carrier } from './carrier/carrier.ts';
import { DataChannelConnector } from './carrier/datachannel.ts';
import { releaseDataChannels } from './carrier/native-channel.ts';
import type { Authenticator, PeerIdentity } from './link/authenticator.ts';
import { ChannelAuthenticator } from './pairing/channel-authenticator.ts';
import { claimInvite } from './pairing/claim.ts';
import type { Claimant } from './pairing/claim-messages.ts';
import { packDescription, unpackDescription } from './pairing/description.ts';
import { cutName } from './pairing/device-name.ts';
import { createIdentity, deviceIdOf, shortDeviceId } from './pairing/identity.ts';
import { createInvite, encodeInvite, parseInvite } from './pairing/invite.ts';
import type { Invite } from './pairing/invite.ts';
import type { InviteEnd } from './pairing/invite-state.ts';
import { InviteRoom } from './pairing/invite-room.ts';
import type { InviteWarning } from './pairing/invite-room.ts';
import type { PairingKeys } from './pairing/keys.ts';
import type { Offer } from './pairing/sharer-conversation.ts';
import { requireFreePort } from './service/forward.ts';
import type { OpenForward } from './service/forward-set.ts';
import { Session } from './service/session.ts';
import { ShareBook } from './service/share-book.ts';
import type { Share } from './service/share-book.ts';
import { endpointsOfThisComputer } from './signaling/endpoint.ts';
import { SignalingServer } from './signaling/server.ts';
import { systemClock } from './system-clock.ts';

/** A peer as shells show it. */
export interface Peer {
  /** Device id, short form. */
  readonly id: string;
  readonly name: string;
}

type PeerLinkState = 'up' | 'closed';

export interface EngineEvents {
  /** The peer proved who it is. */
  onPaired(peer: Peer): void;
  onLink(peer: Peer, state: PeerLinkState, path: Carrier['kind']): void;
  /** The link is over: `undefined` when this side ended it. */
  onLinkClosed(cause: PortholeError | undefined, peer: Peer): void;
  /** A computer that claimed the invite could not connect; `spent`: nobody else can use it now. */
  onClaimFailed(cause: PortholeError, invite: 'open' | 'spent'): void;
  onForward(forward: OpenForward, peer: Peer): void;
  /** A port could not be opened. */
  onForwardFailed(error: PortholeError): void;
  /** The peer could not lead a connection to its target. */
  onSocketRefused(code: ErrorCode): void;
  onInviteWarning(warning: InviteWarning): void;
  onInviteEnded(how: InviteEnd): void;
}

export interface EngineOptions {
  /** Name of this device, as peers see it. */
  readonly deviceName: string;
  readonly events: EngineEvents;
  /** @default the real one */
  readonly clock?: Clock;
}

export interface OpenInvite {
  readonly link: string;
  /** ms since 1970. */
  readonly expiresAt: number;
}

export interface JoinOptions {
  /** What a person pasted. */
  readonly link: string;
  /** The local port a person asked for. */
  readonly localPort?: number | undefined;
  readonly signal: AbortSignal;
}

/** Who made a link, as the link itself says. Throws `E_INVITE_…` or `E_VERSION` when it is none. */
export function inviterOf(link: string): Peer {
  const { publicKey, name } = parseInvite(link, Date.now());
  return { id: shortDeviceId(deviceIdOf(publicKey)), name };
}

/** Lets go of what all engines of a process share. Call it once, last, before the process ends. */
export function releaseEngine(): void {
  releaseDataChannels();
}

interface JoinAttempt {
  readonly invite: Invite;
  readonly localPort: number | undefined;
  readonly deadline: Deadline;
}

/** What a link's authenticator still needs once the carrier is open. */
interface Trust {
  readonly role: 'offerer' | 'answerer';
  readonly keys: PairingKeys;
  readonly expectedPublicKey: Uint8Array;
  onProved(peer: PeerIdentity): void;
}

export class Engine {
  readonly #clock: Clock;
  readonly #events: EngineEvents;
  readonly #deviceName: string;
  readonly #identity = createIdentity();
  readonly #book: ShareBook;
  readonly #sessions = new Set<Session>();
  readonly #connectors = new Set<DataChannelConnector>();
  readonly #rooms = new Set<InviteRoom>();
  #signaling: Promise<SignalingServer> | undefined;

  constructor(options: EngineOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#events = options.events;
    this.#deviceName = options.deviceName;
    this.#book = new ShareBook(this.#clock);
  }

  /** Shares a target with whoever pairs with this engine. */
  share(name: string, target: Target): Share {
    return this.#book.add(name, target);
  }

  /** Opens an invite, good for one computer and ten minutes. Starts the signaling server if need be. */
  async invite(): Promise<OpenInvite> {
    const server = await this.#signalingServer();
    const invite = createInvite({
      publicKey: this.#identity.publicKey,
      nowMs: Date.now(),
      name: cutName(this.#deviceName, INVITE_NAME_BYTES_MAX),
      endpoints: endpointsOfThisComputer(server.port),
      trust: 'trust-invite',
    });
    const room: InviteRoom = new InviteRoom({
      invite,
      clock: this.#clock,
      rooms: server,
      makeOffer: (claimant) => this.#makeOffer(room, claimant),
      onWarning: (warning) => this.#events.onInviteWarning(warning),
      onEnded: (how) => this.#events.onInviteEnded(how),
    });
    this.#rooms.add(room);
    return { link: encodeInvite(invite), expiresAt: invite.expiresAt };
  }

  /**
   * Joins the computer a link came from; resolves when the link is up. Rejects with what the link
   * or the other side says (`E_INVITE_…`), `E_UNREACHABLE`, `E_IDENTITY`, `E_TRUST_INVITE`, the reason
   * of `signal`, or, before the invite is touched, `E_PORT_BUSY` or `E_PORT_PRIVILEGED`.
   */
  async join(options: JoinOptions): Promise<void> {
    const invite = parseInvite(options.link, Date.now());
    if (invite.trust !== 'trust-invite') throw portholeError('E_TRUST_INVITE');
    if (options.localPort !== undefined) await requireFreePort(options.localPort);
    const deadline = startDeadline({
      clock: this.#clock,
      parent: options.signal,
      afterMs: CONNECT_TIMEOUT_MS,
      error: portholeError('E_UNREACHABLE', { reason: 'no connection came about in time' }),
    });
    try {
      await this.#joinPatiently({ invite, localPort: options.localPort, deadline });
    } finally {
      deadline.cancel();
    }
  }

  /** Ends every link, invite and listener; resolves when nothing of this engine is left. */
  async close(): Promise<void> {
    for (const room of this.#rooms) room.close();
    this.#rooms.clear();
    const sessions = [...this.#sessions];
    for (const session of sessions) session.close();
    await Promise.all(sessions.map(({ ended }) => ended));
    for (const connector of this.#connectors) connector.close();
    this.#connectors.clear();
    const server = await this.#signaling?.catch(() => undefined);
    await server?.close();
  }

  // ── The joining side ────────────────────────────────────────────────────────────────────────

  /**
   * Claims and connects, and again where the claim was taken but no channel came about: a first
   * attempt can fail for reasons that are gone at the second (a NAT that had to be opened first).
   */
  async #joinPatiently(attempt: JoinAttempt): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const connector = this.#connector('answerer');
      const deadline = startDeadline({
        clock: this.#clock,
        parent: attempt.deadline.signal,
        afterMs: JOIN_TRY_MS,
        error: portholeError('E_UNREACHABLE', { reason: 'no connection came about in time' }),
      });
      try {
        return await this.#joinOnce({ ...attempt, deadline }, connector);
      } catch (thrown) {
        connector.close();
        attempt.deadline.signal.throwIfAborted();
        const error = toPortholeError(thrown);
        const mayHelp = error.code === 'E_UNREACHABLE' && connector.wasAnswered;
        if (!mayHelp || tries === JOIN_TRIES_MAX) throw error;
      } finally {
        deadline.cancel();
      }
    }
  }

  async #joinOnce(attempt: JoinAttempt, connector: DataChannelConnector): Promise<void> {
    const { invite, deadline, localPort } = attempt;
    const claim = await claimInvite({
      invite,
      identity: this.#identity,
      name: this.#deviceName,
      clock: this.#clock,
      signal: deadline.signal,
      answerOffer: async (offer) => {
        connector.accept(unpackDescription(offer));
        return packDescription(await connector.describe());
      },
      onRefused: (error) => deadline.abort(error),
    });
    try {
      const carrier = await Promise.race([connector.opened, deadline.aborted]);
      const trust: Trust = {
        role: 'answerer',
        keys: claim.keys,
        expectedPublicKey: invite.publicKey,
        onProved: () => {},
      };
      await Promise.race([this.#openSession(carrier, trust, localPort), deadline.aborted]);
    } finally {
      claim.close();
    }
  }

  // ── The sharing side ────────────────────────────────────────────────────────────────────────

  #signalingServer(): Promise<SignalingServer> {
    this.#signaling ??= SignalingServer.listen({ clock: this.#clock });
    return this.#signaling;
  }

  async #makeOffer(room: InviteRoom, claimant: Claimant): Promise<Offer> {
    let invite: 'open' | 'spent' = 'open';
    const connector = this.#connector('offerer');
    const description = packDescription(await connector.describe());
    const trust: Trust = {
      role: 'offerer',
      keys: room.keys,
      expectedPublicKey: claimant.publicKey,
      onProved: (peer) => {
        room.use(peer.publicKey);
        invite = 'spent';
      },
    };
    const giveUp = this.#clock.after(CONNECT_TIMEOUT_MS, () => connector.close());
    connector.opened
      .then((carrier) => this.#openSession(carrier, trust, undefined))
      .catch((thrown: unknown) => this.#events.onClaimFailed(toPortholeError(thrown), invite))
      .finally(giveUp);
    return {
      description,
      onAnswer: (answer) => this.#acceptAnswer(connector, answer),
      onWithdrawn: () => connector.close(),
    };
  }

  #acceptAnswer(connector: DataChannelConnector, answer: Uint8Array): void {
    try {
      connector.accept(unpackDescription(answer));
    } catch {
      connector.close();
    }
  }

  // ── Links ───────────────────────────────────────────────────────────────────────────────────

  #connector(role: 'offerer' | 'answerer'): DataChannelConnector {
    const connector = new DataChannelConnector({ role, clock: this.#clock });
    this.#connectors.add(connector);
    const forget = (): boolean => this.#connectors.delete(connector);
    connector.opened.then(forget, forget);
    return connector;
  }

  /** Authenticates the other end and runs the link; resolves when it is up, rejects if it never is. */
  #openSession(carrier: Carrier, trust: Trust, localPort: number | undefined): Promise<void> {
    const events = this.#events;
    const peer = (): Peer => authenticated as Peer;
    let authenticated: Peer | undefined;
    const session = new Session({
      carrier,
      clock: this.#clock,
      authenticator: this.#authenticator(carrier, trust),
      book: this.#book,
      localPort,
      events: {
        onReady: ({ deviceId, name }) => {
          authenticated = { id: shortDeviceId(deviceId), name };
          events.onPaired(peer());
          events.onLink(peer(), 'up', carrier.kind);
        },
        onForward: (forward) => events.onForward(forward, peer()),
        onForwardFailed: (error) => events.onForwardFailed(error),
        onSocketRefused: (code) => events.onSocketRefused(code),
        onClosed: (cause) => {
          events.onLink(peer(), 'closed', carrier.kind);
          events.onLinkClosed(cause, peer());
        },
      },
    });
    this.#sessions.add(session);
    void session.ended.then(() => this.#sessions.delete(session));
    return session.ready;
  }

  #authenticator(carrier: Carrier, trust: Trust): Authenticator {
    return new ChannelAuthenticator({
      ...trust,
      identity: this.#identity,
      name: this.#deviceName,
      binding: carrier.binding,
    });
  }
}
