/** Handlers and views for the tests of the control socket. */
import type { EngineHandlers, CallTalk, PortholeApi } from '../../src/shared/calls/api.ts';
import { InputQueue } from '../../src/shared/calls/input-queue.ts';
import type {
  CallEvent,
  CallInput,
  CallName,
  CallParams,
  CallResult,
  EngineCallName,
  ForwardView,
  PeerView,
  ShareView,
  StatusView,
} from '../../src/shared/contract.ts';
import { portholeError } from '../../src/shared/errors.ts';

export const SHARE: ShareView = {
  id: '00112233445566778899aabbccddeeff',
  name: 'web',
  target: '127.0.0.1:3000',
  access: { kind: 'everyone', except: [] },
  health: 'up',
  state: 'live',
  connections: 1,
};

export const PEER: PeerView = {
  id: 'ABCDE-FGHIJ-KLMNO-PQRST-U',
  name: 'laptop',
  pairedAt: '2026-01-02T03:04:05.000Z',
  lastSeen: '2026-03-04T14:02:00.000Z',
  state: 'up',
  path: 'datachannel',
  roundTripMs: 12.4,
  loss: 0,
  route: { local: 'host', remote: 'host', address: '192.0.2.7:50123', lanes: 1 },
  connections: 2,
  obstacle: null,
  since: null,
};

export const FORWARD: ForwardView = {
  share: 'ffeeddccbbaa99887766554433221100',
  name: 'database',
  local: '127.0.0.1:5432',
  peer: PEER.id,
  peerName: PEER.name,
  sharedPort: 5432,
  why: 'same-port',
  state: 'live',
  connections: 1,
};

export const STATUS: StatusView = {
  pid: 4211,
  version: '0.1.0',
  device: 'VWXYZ-ABCDE-FGHIJ-KLMNO-P',
  deviceName: 'desk',
  connections: 2,
  sharing: 'on',
  network: 'online',
  rendezvous: [],
  shares: [SHARE],
  forwards: [FORWARD],
  peers: [PEER],
};

async function unanswered(): Promise<never> {
  throw new Error('the test has no handler for this call');
}

/** Those of `some`; every other call fails. */
export function handlersOf(some: Partial<EngineHandlers>): EngineHandlers {
  return {
    status: unanswered,
    share: unanswered,
    unshare: unanswered,
    grant: unanswered,
    revoke: unanswered,
    forget: unanswered,
    connect: unanswered,
    disconnect: unanswered,
    invite: unanswered,
    join: unanswered,
    follow: unanswered,
    logs: unanswered,
    watch: unanswered,
    metrics: unanswered,
    activity: unanswered,
    listening: unanswered,
    pause: unanswered,
    resume: unanswered,
    reconnect: unanswered,
    rename: unanswered,
    settings: unanswered,
    changeSettings: unanswered,
    backup: unanswered,
    diagnostics: unanswered,
    ui: unanswered,
    ...some,
  };
}

export interface TestTalk<Name extends CallName> extends CallTalk<Name> {
  readonly events: CallEvent<Name>[];
  readonly wish: AbortController;
  readonly inputs: InputQueue<CallInput<Name>>;
}

/** The caller's side of a call: keeps the events, answers from a queue. */
export function talkOf<Name extends CallName>(
  onEvent: (event: CallEvent<Name>) => void = () => {},
): TestTalk<Name> {
  const wish = new AbortController();
  const inputs = new InputQueue<CallInput<Name>>(wish.signal);
  const events: CallEvent<Name>[] = [];
  return {
    events,
    wish,
    inputs,
    signal: wish.signal,
    emit: (event) => {
      events.push(event);
      onEvent(event);
    },
    nextInput: () => inputs.next(),
  };
}

/** A call without a talk. */
export async function ask<Name extends EngineCallName>(
  api: PortholeApi,
  name: Name,
  params: CallParams<Name>,
): Promise<CallResult<Name>> {
  return api.call(name, params, talkOf<Name>());
}

/** Something that happens once. */
export class Flag {
  readonly raised: Promise<void>;
  raise: () => void = () => {};

  constructor() {
    this.raised = new Promise((resolve) => {
      this.raise = resolve;
    });
  }
}

/** Resolves when `signal` has aborted. */
export function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** An invite as the engine plays it: shows digits, asks for a verdict, ends with the peer. */
export function invitesLikeAnEngine(onAbort: () => void = () => {}): Partial<EngineHandlers> {
  return {
    invite: async (params, talk) => {
      if (params.grant === 'nothing') throw portholeError('E_SHARE_UNKNOWN', { share: 'nothing' });
      talk.signal.addEventListener('abort', onAbort, { once: true });
      const [mode, link, expiresAt] = [
        'online',
        'porthole://pair#x',
        '2026-01-02T03:04:05Z',
      ] as const;
      talk.emit({ kind: 'invite', mode, link, expiresAt });
      talk.emit({ kind: 'compare', digits: '482913', peer: PEER.id, peerName: PEER.name });
      const input = await talk.nextInput();
      if (input.kind !== 'verdict' || !input.match) throw portholeError('E_DIGITS_DIFFER');
      return PEER;
    },
  };
}
