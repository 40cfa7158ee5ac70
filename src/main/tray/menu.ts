/**
 * The tray menu (design/ux.md C2), computed from what there is.
 *
 * Invariant: pure; labels show names of strangers made printable, cut and, where `&` marks a letter,
 * escaped; no list has more than TRAY_ITEMS_MAX items before "Show All…".
 */
import type { ListeningPort, StatusView } from '../../shared/contract.ts';
import { sayIn } from '../../shared/messages/language.ts';
import type { Language, Say } from '../../shared/messages/language.ts';
import { TRAY } from '../../shared/messages/tray.ts';
import { detectedMenu, deviceMenu, forwardMenu, shareMenu } from './menu-lists.ts';
import type { MenuItem, Platform } from './menu-item.ts';
import { problemText } from './problem.ts';
import type { Problem } from './problem.ts';

export interface MenuInput {
  /** Null while no engine answers. */
  readonly status: StatusView | null;
  readonly listening: readonly ListeningPort[];
  /** What is to be shown as wrong; it has lasted long enough (tray-state.ts). */
  readonly problem: Problem | null;
  readonly language: Language;
  readonly platform: Platform;
  /** Whether this build can update itself. */
  readonly updates: 'built-in' | 'none';
}

type TraySay = Say<(typeof TRAY)['en']>;

const SEPARATOR: MenuItem = { kind: 'separator' };

/** The menu for what there is. */
export function trayMenu(input: MenuInput): MenuItem[] {
  const say = sayIn(TRAY, input.language);
  const items = [
    ...headItems(input, say),
    ...(input.status === null ? [] : runningItems(input, input.status, say)),
    SEPARATOR,
    ...footItems(input, say),
  ];
  return input.platform === 'macos' ? items : items.map((item) => escaped(item));
}

function headItems({ status, problem, language }: MenuInput, say: TraySay): MenuItem[] {
  const head: MenuItem = { kind: 'label', label: say('title', { state: stateText(status, say) }) };
  if (problem === null) return [head];
  const label = `!  ${problemText(problem, language)}`;
  return [head, { kind: 'action', label, action: { kind: 'show-problem' } }];
}

function stateText(status: StatusView | null, say: TraySay): string {
  if (status === null) return say('notRunning');
  if (status.sharing === 'paused') return say('sharingPaused');
  if (status.peers.length === 0) return say('noDevices');
  return say('devicesConnected', { count: devicesUp(status) });
}

/** Devices that are connected. */
export function devicesUp({ peers }: StatusView): number {
  return peers.filter((peer) => peer.state === 'up').length;
}

function runningItems(input: MenuInput, status: StatusView, say: TraySay): MenuItem[] {
  const { listening } = input;
  return [
    SEPARATOR,
    { kind: 'action', label: say('sharePort'), action: { kind: 'share-a-port' } },
    ...detectedMenu(listening, status, say),
    { kind: 'action', label: say('addDevice'), action: { kind: 'add-a-device' } },
    SEPARATOR,
    shareMenu(status, listening, say),
    forwardMenu(status, say),
    deviceMenu(status, say),
    SEPARATOR,
    pauseItem(status, say),
  ];
}

function pauseItem({ sharing }: StatusView, say: TraySay): MenuItem {
  const isPaused = sharing === 'paused';
  return {
    kind: 'checkbox',
    label: say('pauseAll'),
    check: isPaused ? 'on' : 'off',
    action: { kind: isPaused ? 'resume-all' : 'pause-all' },
  };
}

function footItems({ updates }: MenuInput, say: TraySay): MenuItem[] {
  const update: MenuItem = {
    kind: 'action',
    label: say('updates'),
    action: { kind: 'check-for-updates' },
  };
  return [
    { kind: 'action', label: say('open'), action: { kind: 'open' } },
    { kind: 'action', label: say('settings'), action: { kind: 'settings' } },
    ...(updates === 'built-in' ? [update] : []),
    { kind: 'action', label: say('quit'), action: { kind: 'quit' } },
  ];
}

/** `item` with every `&` doubled, which Windows and Linux would take for the mark of a letter. */
function escaped(item: MenuItem): MenuItem {
  if (item.kind === 'separator') return item;
  const label = item.label.replaceAll('&', '&&');
  if (item.kind !== 'submenu') return { ...item, label };
  return { ...item, label, items: item.items.map((inner) => escaped(inner)) };
}
