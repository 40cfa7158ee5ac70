/** A Reporter that keeps what it is told, as both formats would print it. */
import type { CommandEvents, Reporter } from '../../src/cli/reporter.ts';
import type { PortholeError } from '../../src/shared/errors.ts';

export class Recorder implements Reporter {
  /** What a script reads, event by event. */
  readonly events: unknown[] = [];
  /** What a person reads, line by line. */
  readonly lines: string[] = [];

  event<Name extends keyof CommandEvents>(
    name: Name,
    fields: CommandEvents[Name],
    sentence: string,
  ): void {
    this.events.push(JSON.parse(JSON.stringify({ event: name, ...fields })));
    if (sentence !== '') this.lines.push(...sentence.split('\n'));
  }

  remark(sentence: string): void {
    this.lines.push(sentence);
  }

  aside(sentence: string): void {
    this.lines.push(sentence);
  }

  error({ code }: PortholeError): void {
    this.lines.push(code);
  }
}
