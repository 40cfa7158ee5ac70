/** What a log says of the events of an engine. */
import type { EngineEvent, LogEntry } from '../shared/contract.ts';

/** An entry before the log has put the time to it. */
export interface EntryDraft {
  readonly level: LogEntry['level'];
  readonly text: string;
  /** For the log file only; see `LogBook.add`. */
  readonly fields: Readonly<Record<string, string>>;
}

type EventOf<Kind extends EngineEvent['kind']> = Extract<EngineEvent, { kind: Kind }>;

/** The entry for an event of the engine. */
export function entryOf(event: EngineEvent): EntryDraft {
  switch (event.kind) {
    case 'link':
      return linkEntry(event);
    case 'paired':
      return info(`Paired with ${event.peerName}.`, { peer: event.peer });
    case 'forward':
      return forwardEntry(event);
    case 'forward-closed':
      return info(`${event.local} was closed.`, { peer: event.peer, share: event.share });
    case 'refused':
      return refusedEntry(event);
    case 'health':
      return healthEntry(event);
    case 'notice':
      return { level: event.level, text: event.text, fields: { code: event.code } };
  }
}

function linkEntry({ peer, peerName, state, path, reason }: EventOf<'link'>): EntryDraft {
  const fields = { peer, path };
  const because = reason === '' ? '' : ` (${withoutStop(reason)})`;
  switch (state) {
    case 'connecting':
      return info(`Connecting to ${peerName}.`, fields);
    case 'up':
      return info(`Connected to ${peerName} (${path}).`, fields);
    case 'held':
      return warn(`Connection to ${peerName} was interrupted${because}. Reconnecting.`, fields);
    case 'closed':
      if (reason === '') return info(`Disconnected from ${peerName}.`, fields);
      return warn(`Connection to ${peerName} was lost${because}.`, fields);
  }
}

function forwardEntry({ forward }: EventOf<'forward'>): EntryDraft {
  const { local, name, peerName, peer, share, state } = forward;
  const text =
    state === 'waiting'
      ? `${local} waits for "${name}" on ${peerName}.`
      : `${local} leads to "${name}" on ${peerName}.`;
  return info(text, { peer, share });
}

function refusedEntry({ peer, peerName, code }: EventOf<'refused'>): EntryDraft {
  return warn(`${peerName} turned a connection down (${code}).`, { peer, code });
}

function healthEntry({ share, name, target, health }: EventOf<'health'>): EntryDraft {
  switch (health) {
    case 'up':
      return info(`${target} answers; "${name}" can be used.`, { share });
    case 'down':
      return warn(`Nothing answers on ${target}. Start your app; "${name}" resumes by itself.`, {
        share,
      });
    case 'unknown':
      return info(`Whether ${target} answers is not known yet.`, { share });
  }
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

function info(text: string, fields: EntryDraft['fields']): EntryDraft {
  return { level: 'info', text, fields };
}

function warn(text: string, fields: EntryDraft['fields']): EntryDraft {
  return { level: 'warn', text, fields };
}
