/** What surrounds the tray and the notifications in tests: an engine that records, places for an icon. */
import { localApi } from '../../../src/shared/calls/local-api.ts';
import type { CallTalk, EngineHandlers, PortholeApi } from '../../../src/shared/calls/api.ts';
import type {
  CallName,
  ListeningPort,
  PairingEvent,
  PairingInput,
  StatusView,
} from '../../../src/shared/contract.ts';
import { toError } from '../../../src/shared/errors.ts';
import type { PortholeError } from '../../../src/shared/errors.ts';
import type { Wish } from '../../../src/shared/shell-calls.ts';
import { PairingWatch } from '../../../src/main/notices/pairing-watch.ts';
import type { NumberQuestion } from '../../../src/main/tray/link-copier.ts';
import type { MenuAction, MenuItem } from '../../../src/main/tray/menu-item.ts';
import type { TrayDelegate } from '../../../src/main/tray/tray-actions.ts';
import type { OpenTrayHost, TrayHost, TrayListener } from '../../../src/main/tray/tray-host.ts';
import { FORWARD, handlersOf, PEER, SHARE, STATUS } from '../../support/control-handlers.ts';

/** Lets everything that waits for a promise go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Rejects when the caller has gone. */
function gone(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(toError(signal.reason));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

interface OpenPairing {
  emit(event: PairingEvent): void;
  readonly verdicts: PairingInput[];
  finish(error?: Error): void;
}

/** An engine that says what the test says, and keeps what it is asked. */
export class EngineDouble {
  status: StatusView = STATUS;
  listening: ListeningPort[] = [];
  /** Calls that change something, in their order. */
  readonly calls: { readonly name: CallName; readonly params: unknown }[] = [];
  looks = 0;
  /** What the next calls of a name reject with. */
  readonly failures = new Map<CallName, Error>();
  readonly pairings: OpenPairing[] = [];
  readonly pairingWatch = new PairingWatch();
  readonly api: PortholeApi;
  #tell: () => void = () => {};
  #stopWatch: (cause: Error) => void = () => {};

  constructor() {
    this.api = localApi(this.pairingWatch.watch(this.#handlers()));
  }

  /** The state is another one. */
  async tell(change: Partial<StatusView>): Promise<void> {
    this.status = { ...this.status, ...change };
    this.#tell();
    await settle();
  }

  /** Whoever watches is cut off. */
  async crash(): Promise<void> {
    this.#stopWatch(new Error('the engine is gone'));
    await settle();
  }

  #handlers(): EngineHandlers {
    const done = async (name: CallName, params: unknown): Promise<Record<string, never>> => {
      this.calls.push({ name, params });
      const failure = this.failures.get(name);
      if (failure !== undefined) throw failure;
      return {};
    };
    return handlersOf({
      watch: (_params, talk) => this.#watch(talk),
      listening: async () => {
        this.looks += 1;
        const failure = this.failures.get('listening');
        if (failure !== undefined) throw failure;
        return { ports: this.listening };
      },
      share: (params) => done('share', params).then(() => SHARE),
      unshare: (params) => done('unshare', params).then(() => SHARE),
      pause: (params) => done('pause', params),
      resume: (params) => done('resume', params),
      disconnect: (params) => done('disconnect', params).then(() => FORWARD),
      reconnect: (params) => done('reconnect', params).then(() => PEER),
      invite: (params, talk) => done('invite', params).then(() => this.#pair(talk)),
    });
  }

  async #watch(talk: CallTalk<'watch'>): Promise<never> {
    const stopped = new Promise<never>((_resolve, reject) => {
      this.#stopWatch = reject;
    });
    const left = gone(talk.signal);
    left.catch(() => {});
    let told: StatusView | undefined;
    for (;;) {
      if (told !== this.status) {
        told = this.status;
        talk.emit(told);
        await Promise.race([talk.nextInput(), stopped]);
      } else {
        const changed = new Promise<void>((resolve) => {
          this.#tell = resolve;
        });
        await Promise.race([changed, stopped, left]);
      }
    }
  }

  async #pair(talk: CallTalk<'invite'>): Promise<typeof PEER> {
    const verdicts: PairingInput[] = [];
    const over = new Promise<void>((resolve, reject) => {
      this.pairings.push({
        verdicts,
        emit: (event) => {
          talk.emit(event);
          if (event.kind !== 'compare') return;
          talk.nextInput().then((input) => verdicts.push(input), reject);
        },
        finish: (error) => (error === undefined ? resolve() : reject(error)),
      });
    });
    await Promise.race([over, gone(talk.signal)]);
    return PEER;
  }
}

/** A place for an icon that keeps all it is told; `title` paths lead to items of its menu. */
export class TrayHostDouble {
  readonly images: string[] = [];
  readonly tooltips: string[] = [];
  readonly menus: (readonly MenuItem[])[] = [];
  readonly popUps: (readonly MenuItem[])[] = [];
  destroyed = 0;
  listener: TrayListener | undefined;

  readonly open: OpenTrayHost = (image, listener): TrayHost => {
    this.images.push(image);
    this.listener = listener;
    return {
      setImage: (path) => void this.images.push(path),
      setTooltip: (text) => void this.tooltips.push(text),
      setMenu: (items) => void this.menus.push(items),
      popUpMenu: (items) => void this.popUps.push(items),
      destroy: () => void (this.destroyed += 1),
    };
  };

  /** The menu a person would see now. */
  get menu(): readonly MenuItem[] {
    return this.menus.at(-1) ?? this.popUps.at(-1) ?? [];
  }

  /** Chooses the item that these labels lead to. */
  choose(...path: readonly string[]): void {
    const item = itemAt(this.menu, path);
    if (!('action' in item)) throw new Error(`${path.join(' > ')} cannot be chosen`);
    this.listener?.onAction(item.action);
  }
}

/** The item that these labels lead to; throws when there is none. */
export function itemAt(items: readonly MenuItem[], path: readonly string[]): MenuItem {
  const [label, ...rest] = path;
  const item = items.find((one) => one.kind !== 'separator' && one.label === label);
  if (item === undefined) throw new Error(`no "${label}" in:\n${linesOf(items).join('\n')}`);
  if (rest.length === 0) return item;
  if (item.kind !== 'submenu') throw new Error(`${label} is no submenu`);
  return itemAt(item.items, rest);
}

/** Every action that can be chosen. */
export function actionsIn(items: readonly MenuItem[]): MenuAction[] {
  return items.flatMap((item) => {
    if (item.kind === 'submenu') return actionsIn(item.items);
    return 'action' in item ? [item.action] : [];
  });
}

/** A menu as a person reads it: one line for each item, submenus indented. */
export function linesOf(items: readonly MenuItem[], indent = ''): string[] {
  return items.flatMap((item) => {
    switch (item.kind) {
      case 'separator':
        return [`${indent}---`];
      case 'label':
      case 'disabled':
        return [`${indent}(${item.label})`];
      case 'action':
        return [indent + item.label];
      case 'checkbox':
        return [`${indent}[${item.check === 'on' ? 'x' : ' '}] ${item.label}`];
      case 'submenu':
        return [`${indent}${item.label} >`, ...linesOf(item.items, `${indent}  `)];
    }
  });
}

/** What the app was asked to do. */
export class TrayDelegateDouble implements TrayDelegate {
  readonly done: unknown[] = [];
  readonly wishes: Wish[] = [];
  readonly copied: string[] = [];
  readonly failed: { readonly action: string; readonly code: string }[] = [];
  readonly questions: NumberQuestion[] = [];
  answer: 'match' | 'differ' = 'match';
  copyFailure: Error | null = null;

  openWindow(): void {
    this.done.push('open-window');
  }

  show(wish: Wish): void {
    this.wishes.push(wish);
  }

  async openForward(local: string): Promise<void> {
    this.done.push(`browser ${local}`);
  }

  async copy(text: string): Promise<void> {
    if (this.copyFailure !== null) throw this.copyFailure;
    this.copied.push(text);
  }

  async compareNumbers(question: NumberQuestion): Promise<'match' | 'differ'> {
    this.questions.push(question);
    return this.answer;
  }

  checkForUpdates(): void {
    this.done.push('check-for-updates');
  }

  quit(): void {
    this.done.push('quit');
  }

  onFailed(action: MenuAction['kind'], error: PortholeError): void {
    this.failed.push({ action, code: error.code });
  }

  onPlaceFailed(error: PortholeError): void {
    this.done.push(`place failed: ${error.code}`);
  }
}
