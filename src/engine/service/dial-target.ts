/**
 * Opens TCP connections to targets, by the rules of target-policy.ts. A name is resolved anew each
 * time, its addresses are judged, and exactly those that passed are tried (RFC 8305 by Node's
 * autoSelectFamily): nothing is resolved between the check and the connection, so a name that
 * changes its mind (DNS rebinding) gains nothing.
 *
 * Invariant: exactly one of the two outcomes is told, unless `cancel()` came first; no socket
 * outlives a cancelled or failed attempt. A refusal by the rules is told as E_TARGET_UNREACHABLE:
 * the peer does not learn what is on this network.
 */
import { lookup as resolve } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { connect, isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import { DIAL_TIMEOUT_MS, HEALTH_PROBE_TIMEOUT_MS } from '../../shared/limits.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Target } from '../../shared/target.ts';
import type { DialAttempt, DialOutcome } from '../tunnel/dialer.ts';
import type { Meter } from '../tunnel/meter.ts';
import { TcpConnection } from '../tunnel/tcp-connection.ts';
import { closeKindly } from './close-kindly.ts';
import { hostOf, isRefused, requireOneShareable, requireShareable } from './target-policy.ts';
import type { LanRule, TargetHost, TargetRules } from './target-policy.ts';

const LOOPBACK_HOSTS = ['127.0.0.1', '::1'];

/** Resolves a name to all its addresses. */
export type Lookup = (
  name: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

export interface TargetDialerOptions {
  readonly clock: Clock;
  /** Where this program itself listens now; asked at every connect. */
  readonly ownPorts: () => ReadonlySet<number>;
  /** @default the resolver of the system */
  readonly lookup?: Lookup;
}

/** A target with what its share may lead to. */
export interface DialRequest {
  readonly target: Target;
  readonly lan: LanRule;
}

/** Exactly one of the two is called, once, unless the attempt was cancelled before. */
export interface ProbeOutcome {
  onAnswer(): void;
  onFailed(code: ErrorCode): void;
}

interface SocketOutcome {
  onSocket(socket: Socket): void;
  onFailed(code: ErrorCode): void;
}

export class TargetDialer {
  readonly #clock: Clock;
  readonly #ownPorts: () => ReadonlySet<number>;
  readonly #lookup: Lookup;

  constructor({ clock, ownPorts, lookup }: TargetDialerOptions) {
    this.#clock = clock;
    this.#ownPorts = ownPorts;
    this.#lookup = oneAtATime(lookup ?? systemLookup);
  }

  /** Starts a connection for a peer, counted by `meter`; the outcome comes later, never before this returns. */
  dial(request: DialRequest, outcome: DialOutcome, meter?: Meter): DialAttempt {
    return this.#connect(request, DIAL_TIMEOUT_MS, {
      onSocket: (socket) => outcome.onConnected(new TcpConnection(socket, this.#clock, meter)),
      onFailed: (code) => outcome.onFailed(code),
    });
  }

  /** Asks whether the target answers: connects, and closes without a byte. */
  probe(request: DialRequest, outcome: ProbeOutcome): DialAttempt {
    return this.#connect(request, HEALTH_PROBE_TIMEOUT_MS, {
      onSocket: (socket) => {
        closeKindly(socket, this.#clock);
        outcome.onAnswer();
      },
      onFailed: (code) => outcome.onFailed(code),
    });
  }

  /** Throws `E_TARGET_FORBIDDEN` or `E_LAN_TARGET` when an address may not be shared; a name passes. */
  requireShareable({ target, lan }: DialRequest): void {
    requireShareable(target, this.#rules(lan));
  }

  /**
   * The same, for a person who waits: a name is resolved, and rejected when it leads nowhere that is
   * allowed. One that does not resolve now passes; it may later.
   */
  async checkShareable(request: DialRequest): Promise<void> {
    this.requireShareable(request);
    const host = hostOf(request.target);
    if (host.kind !== 'name') return;
    const addresses = await new Promise<readonly LookupAddress[]>((settle) => {
      this.#lookup(host.name, (error, found) => settle(error === null ? found : []));
    });
    const all = addresses.map(({ address }) => address);
    requireOneShareable(all, request.target, this.#rules(request.lan));
  }

  #rules(lan: LanRule): TargetRules {
    return { lan, ownPorts: this.#ownPorts() };
  }

  #connect(request: DialRequest, timeoutMs: number, outcome: SocketOutcome): DialAttempt {
    const hosts = spellings(hostOf(request.target));
    let socket: Socket | undefined;
    let done = false;

    const finish = (report: () => void): void => {
      if (done) return;
      done = true;
      cancelTimer();
      report();
    };
    const fail = (code: ErrorCode): void => {
      socket?.destroy();
      finish(() => outcome.onFailed(code));
    };
    const cancelTimer = this.#clock.after(timeoutMs, () => fail('E_TARGET_TIMEOUT'));

    // The first answer tells more: a computer without IPv6 has nothing to say about ::1.
    let firstError: NodeJS.ErrnoException | undefined;
    const tryNext = (index: number): void => {
      const attempt = this.#socketTo(hosts[index] as string, request);
      if (attempt === 'refused') return this.#clock.soon(() => fail('E_TARGET_UNREACHABLE'));
      socket = attempt;
      attempt.once('error', (error: NodeJS.ErrnoException) => {
        if (done) return;
        firstError ??= error;
        if (index + 1 < hosts.length) tryNext(index + 1);
        else fail(codeOf(firstError));
      });
      attempt.once('connect', () => {
        attempt.removeAllListeners('error');
        finish(() => outcome.onSocket(attempt));
      });
    };
    tryNext(0);
    return {
      cancel: () => {
        finish(() => socket?.destroy());
      },
    };
  }

  /** A connection under way to an address that passed, or to those of a name that do. */
  #socketTo(host: string, { target, lan }: DialRequest): Socket | 'refused' {
    const { port } = target;
    if (isIP(host) !== 0 && isRefused(host, port, this.#rules(lan))) return 'refused';
    const lookup = this.#judgingLookup(port, lan);
    return connect({ host, port, allowHalfOpen: true, lookup });
  }

  /** What `net.connect` asks for addresses: it gets those that passed, and connects to no other. */
  #judgingLookup(port: number, lan: LanRule): LookupFunction {
    return (name, { all }, callback) => {
      this.#lookup(name, (error, addresses) => {
        if (error !== null) return callback(error, []);
        const rules = this.#rules(lan);
        const passed = addresses.filter(({ address }) => !isRefused(address, port, rules));
        const [first] = passed;
        if (first === undefined) callback(new Error('no address that may be shared'), []);
        else if (all === true) callback(null, passed);
        else callback(null, first.address, first.family);
      });
    };
  }
}

function systemLookup(name: string, callback: Parameters<Lookup>[1]): void {
  resolve(name, { all: true }, callback);
}

/**
 * One question for each name at a time; who asks meanwhile gets its answer. The system resolves in a
 * pool of four threads, which a flood of connections to a name that hangs would fill.
 */
function oneAtATime(lookup: Lookup): Lookup {
  const asking = new Map<string, Parameters<Lookup>[1][]>();
  return (name, callback) => {
    const waiting = asking.get(name);
    if (waiting !== undefined) return void waiting.push(callback);
    const callbacks = [callback];
    asking.set(name, callbacks);
    lookup(name, (error, addresses) => {
      asking.delete(name);
      for (const each of callbacks) each(error, addresses);
    });
  };
}

function spellings(host: TargetHost): readonly string[] {
  switch (host.kind) {
    case 'loopback':
      return LOOPBACK_HOSTS;
    case 'address':
      return [host.address];
    case 'name':
      return [host.name];
  }
}

/** Node wraps the errors of several addresses in one AggregateError that carries the code of the first. */
function codeOf(error: NodeJS.ErrnoException): ErrorCode {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'E_TARGET_REFUSED';
    case 'ETIMEDOUT':
      return 'E_TARGET_TIMEOUT';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'ENODATA':
      return 'E_TARGET_UNRESOLVED';
    case undefined:
    default:
      return 'E_TARGET_UNREACHABLE';
  }
}
