/** What happens in an engine, as the foreground command tells it. */
import type { EngineEvent, ForwardView } from '../shared/contract.ts';
import type { ErrorCode } from '../shared/errors.ts';
import { forwardSentence } from './change-commands.ts';
import { refusalSentence } from './refusal.ts';
import type { Reporter } from './reporter.ts';
import { forwardFields } from './view-fields.ts';

type LinkEvent = Extract<EngineEvent, { kind: 'link' }>;

export class EventReporter {
  readonly #reporter: Reporter;
  readonly #linkStates = new Map<string, string>();
  readonly #refused = new Set<string>();
  readonly #sharedPorts = new Map<string, Set<number>>();
  readonly #down = new Set<string>();

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  tell(event: EngineEvent): void {
    switch (event.kind) {
      case 'link':
        return this.#link(event);
      case 'paired':
        return this.#reporter.event(
          'paired',
          { peer: event.peer, name: event.peerName },
          `Paired with ${event.peerName}.`,
        );
      case 'forward':
        return this.#forward(event.forward);
      case 'forward-closed':
        return this.#reporter.remark(`${event.local} is closed: it is not shared any more.`);
      case 'refused':
        return this.#socketRefused(event);
      case 'health':
        return this.#health(event);
      case 'notice':
        return this.#reporter.remark(event.text);
    }
  }

  /** Tries to connect come again and again; only a change is news. */
  #link({ peer, peerName, state, path, reason }: LinkEvent): void {
    const before = this.#linkStates.get(peer);
    if (before === state) return;
    this.#linkStates.set(peer, state);
    this.#reporter.event('link', { peer, state, path }, linkSentence({ peerName, state, reason }));
  }

  #forward(forward: ForwardView): void {
    const { peer, sharedPort } = forward;
    const ports = this.#sharedPorts.get(peer) ?? new Set();
    this.#sharedPorts.set(peer, ports.add(sharedPort));
    this.#reporter.event('forward', forwardFields(forward), forwardSentence(forward));
  }

  /** That a target answers is news only after it did not. */
  #health(event: Extract<EngineEvent, { kind: 'health' }>): void {
    if (event.health === 'down') this.#down.add(event.share);
    else if (!this.#down.delete(event.share)) return;
    this.#reporter.remark(healthSentence(event));
  }

  /** Once for each reason: a browser tries again many times a second. */
  #socketRefused({ peer, code }: Extract<EngineEvent, { kind: 'refused' }>): void {
    const key = `${peer} ${code}`;
    if (this.#refused.has(key)) return;
    this.#refused.add(key);
    const sentence = refusalSentence(code as ErrorCode, this.#sharedPorts.get(peer) ?? new Set());
    this.#reporter.remark(`A connection was turned down: ${sentence}`);
  }
}

function linkSentence({
  peerName,
  state,
  reason,
}: Pick<LinkEvent, 'peerName' | 'state' | 'reason'>): string {
  if (state === 'connecting') return `Connecting to ${peerName}…`;
  if (state === 'up') return `Connected to ${peerName}.`;
  if (state === 'held') {
    return `${peerName} cannot be reached right now. Open connections wait; they go on when it is back.`;
  }
  if (state === 'closed' && reason !== '') return reason;
  return '';
}

function healthSentence({
  target,
  name,
  health,
}: Extract<EngineEvent, { kind: 'health' }>): string {
  return health === 'down'
    ? `Nothing answers on ${target}. Start your app; sharing resumes by itself.`
    : `${target} ("${name}") answers again.`;
}
