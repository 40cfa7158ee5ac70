/** `porthole status`: which Porthole runs here, and how much is going on. */
import type { PortholeApi } from '../shared/calls/api.ts';
import type { StatusView } from '../shared/contract.ts';
import { printable } from '../shared/printable.ts';
import { ask } from './ask.ts';
import type { CommandIo } from './ask.ts';
import type { Reporter } from './reporter.ts';

export async function statusCommand(
  api: PortholeApi,
  { reporter, signal }: CommandIo,
): Promise<void> {
  showStatus(await ask(api, { name: 'status', params: {}, signal }), reporter);
}

export function showStatus(status: StatusView, reporter: Reporter): void {
  const { pid, version, device, deviceName, connections } = status;
  const fields = { pid, version, device, deviceName, connections };
  reporter.event('status', fields, statusText(status));
}

function statusText({ pid, version, device, deviceName, ...rest }: StatusView): string {
  const { connections, shares, forwards, peers } = rest;
  const live = shares.filter(({ state }) => state === 'live').length;
  const up = peers.filter(({ state }) => state === 'up').length;
  return [
    `Porthole ${version} runs here (process ${pid}).`,
    `This computer is "${deviceName}", device id ${device}.`,
    `${count(live, 'port is', 'ports are')} shared. ${count(forwards.length, 'forward is', 'forwards are')} open.`,
    `${count(up, 'device is', 'devices are')} connected, of ${peers.length} paired.`,
    `${count(connections, 'connection is', 'connections are')} open.`,
  ]
    .map(printable)
    .join('\n');
}

function count(number: number, one: string, many: string): string {
  return `${number === 0 ? 'No' : number} ${number === 1 ? one : many}`;
}
