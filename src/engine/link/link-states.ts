/**
 * The life of the link with one peer as a total table: every state with everything that can happen
 * in it.
 *
 *   idle            no session, and nothing on its way
 *   connecting      no session; a call is under way
 *   authenticating  no session; a carrier is open, the handshake or RESUME under way
 *   up              a session with a carrier that works
 *   held            a session without one: sockets stay open and wait, for so long and no longer
 *   closed          for good: the peer was forgotten, or this process ends
 *
 * A call and its carrier beside a session are the same events; they change nothing until a carrier
 * has joined.
 */
export type LinkState = 'idle' | 'connecting' | 'authenticating' | 'up' | 'held' | 'closed';

export type LinkEvent =
  /** A call begins, or the last of them failed. */
  | 'call'
  | 'call-failed'
  /** A peer is authenticated on a carrier, or the last such carrier ended before it joined. */
  | 'carrier'
  | 'carrier-failed'
  /** A carrier carries the session from now on. */
  | 'joined'
  /** No carrier of the session works any more; one that was silent is heard again. Before `joined` neither counts. */
  | 'silent'
  | 'heard'
  /** The session is over: the hold ended, the peer has lost it, or one side ended it. */
  | 'over'
  | 'close';

export type LinkAction =
  | 'none'
  /** Cannot happen: E_INTERNAL, for a bug of ours. */
  | 'bug'
  /** Starts the hold, and calls. */
  | 'hold'
  /** Ends the hold and the calls. */
  | 'release'
  /** Ends the hold, and calls again if calls are wanted. */
  | 'recall'
  /** Lets go of everything. */
  | 'shut';

interface Step {
  readonly to: LinkState;
  readonly act: LinkAction;
}

function step(to: LinkState, act: LinkAction = 'none'): Step {
  return { to, act };
}

export const LINK_STATES: Record<LinkState, Record<LinkEvent, Step>> = {
  idle: {
    call: step('connecting'),
    'call-failed': step('idle'),
    carrier: step('authenticating'),
    'carrier-failed': step('idle'),
    joined: step('up', 'release'),
    silent: step('idle'),
    heard: step('idle'),
    over: step('idle'),
    close: step('closed', 'shut'),
  },
  connecting: {
    call: step('connecting'),
    'call-failed': step('idle'),
    carrier: step('authenticating'),
    'carrier-failed': step('connecting'),
    joined: step('up', 'release'),
    silent: step('connecting'),
    heard: step('connecting'),
    over: step('connecting'),
    close: step('closed', 'shut'),
  },
  authenticating: {
    call: step('authenticating'),
    'call-failed': step('authenticating'),
    carrier: step('authenticating'),
    'carrier-failed': step('idle', 'recall'),
    joined: step('up', 'release'),
    silent: step('authenticating'),
    heard: step('authenticating'),
    // It was begun, and ended before it was up.
    over: step('idle', 'recall'),
    close: step('closed', 'shut'),
  },
  up: {
    call: step('up'),
    'call-failed': step('up'),
    carrier: step('up'),
    'carrier-failed': step('up'),
    joined: step('up', 'release'),
    silent: step('held', 'hold'),
    heard: step('up'),
    over: step('idle', 'recall'),
    close: step('closed', 'shut'),
  },
  held: {
    call: step('held'),
    'call-failed': step('held'),
    carrier: step('held'),
    'carrier-failed': step('held'),
    joined: step('up', 'release'),
    silent: step('held'),
    heard: step('up', 'release'),
    over: step('idle', 'recall'),
    close: step('closed', 'shut'),
  },
  closed: {
    call: step('closed'),
    'call-failed': step('closed'),
    carrier: step('closed'),
    'carrier-failed': step('closed'),
    joined: step('closed', 'bug'),
    silent: step('closed'),
    heard: step('closed'),
    over: step('closed'),
    close: step('closed'),
  },
};
