/**
 * What a command says: to a person in sentences, to a script as one JSON object a line on standard
 * output (`--json`). Remarks that no script relies on go to standard error.
 */
import type { PortholeError } from '../shared/errors.ts';

/** The events scripts rely on (README, "For scripts"). */
export interface CommandEvents {
  share: { share: string; target: string };
  invite: { link: string; expiresAt: string };
  paired: { peer: string; name: string };
  link: { peer: string; state: 'connecting' | 'up' | 'closed'; path: string };
  forward: { share: string; local: string; peer: string };
  demo: { throughputMbps: number; rttMs: number };
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
  error(error: PortholeError): void;
}

class JsonReporter implements Reporter {
  event<Name extends keyof CommandEvents>(name: Name, fields: CommandEvents[Name]): void {
    process.stdout.write(`${JSON.stringify({ event: name, ...fields })}\n`);
  }

  remark(sentence: string): void {
    process.stderr.write(`${sentence}\n`);
  }

  error({ code, message }: PortholeError): void {
    this.event('error', { code, message });
  }
}

class PersonReporter implements Reporter {
  event(_name: string, _fields: unknown, sentence: string): void {
    if (sentence !== '') process.stdout.write(`${sentence}\n`);
  }

  remark(sentence: string): void {
    process.stdout.write(`${sentence}\n`);
  }

  error({ code, message }: PortholeError): void {
    process.stderr.write(`${message}\n(${code})\n`);
  }
}

export function createReporter(format: 'json' | 'sentences'): Reporter {
  return format === 'json' ? new JsonReporter() : new PersonReporter();
}
