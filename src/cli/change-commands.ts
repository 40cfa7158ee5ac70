/** The commands that change one thing: unshare, pause, resume, grant, revoke, forget, connect, disconnect. */
import type { PortholeApi } from '../shared/calls/api.ts';
import type { ForwardView } from '../shared/contract.ts';
import { printable } from '../shared/printable.ts';
import { ask } from './ask.ts';
import type { CommandIo } from './ask.ts';

export async function unshareCommand(
  api: PortholeApi,
  args: { readonly share: string },
  { reporter, signal }: CommandIo,
): Promise<void> {
  const { id, target, name } = await ask(api, {
    name: 'unshare',
    params: { share: args.share },
    signal,
  });
  const sentence = `"${name}" (${target}) is no longer shared. Its connections were closed at once.`;
  reporter.event('unshared', { share: id, target, name }, printable(sentence));
}

/** Without a share all of them. */
export interface PauseArguments {
  readonly share: string | undefined;
}

export async function pauseCommand(
  api: PortholeApi,
  { share }: PauseArguments,
  { reporter, signal }: CommandIo,
): Promise<void> {
  await ask(api, { name: 'pause', params: { share: share ?? null }, signal });
  const sentence =
    share === undefined
      ? 'Sharing is paused. Nobody can use your ports until: porthole resume'
      : `"${share}" is paused. Nobody can use it until: porthole resume ${share}`;
  reporter.event('paused', { share: share ?? null }, printable(sentence));
}

export async function resumeCommand(
  api: PortholeApi,
  { share }: PauseArguments,
  { reporter, signal }: CommandIo,
): Promise<void> {
  await ask(api, { name: 'resume', params: { share: share ?? null }, signal });
  const sentence = share === undefined ? 'Sharing goes on.' : `"${share}" is shared again.`;
  reporter.event('resumed', { share: share ?? null }, printable(sentence));
}

export interface GrantArguments {
  readonly peer: string;
  readonly share: string;
}

export async function grantCommand(
  api: PortholeApi,
  args: GrantArguments,
  { reporter, signal }: CommandIo,
): Promise<void> {
  const { peer, share } = await ask(api, {
    name: 'grant',
    params: { peer: args.peer, share: args.share },
    signal,
  });
  const sentence = `${peer.name} may use "${share.name}" (${share.target}).`;
  reporter.event('granted', { peer: peer.id, share: share.id }, printable(sentence));
}

export async function revokeCommand(
  api: PortholeApi,
  args: GrantArguments,
  { reporter, signal }: CommandIo,
): Promise<void> {
  const { peer, share } = await ask(api, {
    name: 'revoke',
    params: { peer: args.peer, share: args.share },
    signal,
  });
  const sentence = `${peer.name} may no longer use "${share.name}" (${share.target}). It lost access at once.`;
  reporter.event('revoked', { peer: peer.id, share: share.id }, printable(sentence));
}

export async function forgetCommand(
  api: PortholeApi,
  args: { readonly peer: string },
  { reporter, signal }: CommandIo,
): Promise<void> {
  const { id, name } = await ask(api, { name: 'forget', params: { peer: args.peer }, signal });
  const sentence = `${name} was removed. It lost access at once.`;
  reporter.event('forgotten', { peer: id, name }, printable(sentence));
}

export async function disconnectCommand(
  api: PortholeApi,
  args: { readonly forward: string },
  { reporter, signal }: CommandIo,
): Promise<void> {
  const params = { forward: args.forward };
  const { share, local, peer, name, peerName } = await ask(api, {
    name: 'disconnect',
    params,
    signal,
  });
  const sentence = `${local} no longer leads to "${name}" on ${peerName}.`;
  reporter.event('disconnected', { share, local, peer }, printable(sentence));
}

/** Why the local port is not the one of the share. */
const PORT_REASONS: Record<ForwardView['why'], string> = {
  'same-port': '',
  'asked-for': '',
  taken: ' (port {port} is taken here)',
  privileged: ' (port {port} needs administrator rights here)',
  'own-target': ' (port {port} is the shared service itself here)',
};

/** Where a forward leads, or will lead, and why its port is another. */
export function forwardSentence(forward: ForwardView): string {
  const { local, name, peerName, why, sharedPort, state } = forward;
  const reason = PORT_REASONS[why].replace('{port}', String(sharedPort));
  const sentences: Record<ForwardView['state'], string> = {
    live: `${local} now leads to "${name}" on ${peerName}${reason}.`,
    down: `${local} now leads to "${name}" on ${peerName}${reason}, where nothing answers yet.`,
    waiting: `${local} will lead to "${name}" on ${peerName}${reason} once ${peerName} is there and offers it.`,
  };
  return printable(sentences[state]);
}
