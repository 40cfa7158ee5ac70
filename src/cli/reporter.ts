/**
 * What a command says: to a person in sentences, to a script as one JSON object a line on standard
 * output (`--json`). Remarks that no script relies on go to standard error.
 *
 * Invariant: an error never repeats a code or a password that somebody typed in the wrong place.
 */
import { redactTyped } from '../control/redact.ts';
import type { ForwardView, LogEntry, PeerView, ShareView, StatusView } from '../shared/contract.ts';
import type { PortholeError } from '../shared/errors.ts';

/** The events scripts rely on (README, "For scripts"). */
export interface CommandEvents {
  share: { share: string; target: string } & Partial<Omit<ShareView, 'id'>>;
  paused: { share: string | null };
  resumed: { share: string | null };
  unshared: { share: string; target: string; name: string };
  invite: { link: string; expiresAt: string };
  /** The answer to an offline code, to be carried back. */
  answer: { blob: string };
  /** Six digits, the same on both sides if nobody is in between. */
  compare: { digits: string };
  paired: { peer: string; name: string };
  link: { peer: string; state: 'connecting' | 'up' | 'held' | 'closed'; path: string };
  forward: { share: string; local: string; peer: string } & Partial<
    Pick<ForwardView, 'name' | 'state'>
  >;
  disconnected: { share: string; local: string; peer: string };
  /** `peer` here and below is the short device id; `lastSeen` and `pairedAt` are ISO 8601. */
  peer: { peer: string } & Pick<PeerView, 'name' | 'lastSeen' | 'state' | 'pairedAt' | 'path'>;
  granted: { peer: string; share: string };
  revoked: { peer: string; share: string };
  forgotten: { peer: string; name: string };
  status: Pick<StatusView, 'pid' | 'version' | 'device' | 'deviceName' | 'connections'>;
  log: LogEntry;
  backup: { backup: string };
  demo: { throughputMbps: number; rttMs: number };
  rendezvous: { url: string };
  /** Where the page of the web UI is, with its token: a secret. */
  ui: { url: string };
  error: { code: string; message: string };
}

export interface Reporter {
  /** Tells an event; `sentence` is what a person reads instead, nothing when it is empty. */
  event<Name extends keyof CommandEvents>(
    name: Name,
    fields: CommandEvents[Name],
    sentence: string,
  ): void;
  /** Tells a person something that is no event. */
  remark(sentence: string): void;
  /** The same beside output that may go to a file: on standard error. */
  aside(sentence: string): void;
  error(error: PortholeError): void;
}

class JsonReporter implements Reporter {
  event<Name extends keyof CommandEvents>(name: Name, fields: CommandEvents[Name]): void {
    process.stdout.write(`${JSON.stringify({ event: name, ...fields })}\n`);
  }

  remark(sentence: string): void {
    this.aside(sentence);
  }

  aside(sentence: string): void {
    process.stderr.write(`${sentence}\n`);
  }

  error({ code, message }: PortholeError): void {
    this.event('error', { code, message: redactTyped(message) });
  }
}

class PersonReporter implements Reporter {
  event(_name: string, _fields: unknown, sentence: string): void {
    if (sentence !== '') process.stdout.write(`${sentence}\n`);
  }

  remark(sentence: string): void {
    process.stdout.write(`${sentence}\n`);
  }

  aside(sentence: string): void {
    process.stderr.write(`${sentence}\n`);
  }

  error({ code, message }: PortholeError): void {
    process.stderr.write(`${redactTyped(message)}\n(${code})\n`);
  }
}

export function createReporter(format: 'json' | 'sentences'): Reporter {
  return format === 'json' ? new JsonReporter() : new PersonReporter();
}
