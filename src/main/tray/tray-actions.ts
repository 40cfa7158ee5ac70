/**
 * What the items of the tray menu do: a call of the engine, or something that the app itself does.
 *
 * Invariant: every action ends; one that fails is told once, with the action, and never thrown.
 */
import type { CallTalk, PortholeApi } from '../../shared/calls/api.ts';
import { misunderstood } from '../../shared/calls/messages.ts';
import type { CallParams, CallResult, EngineCallName } from '../../shared/contract.ts';
import { toPortholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import type { Wish } from '../../shared/shell-calls.ts';
import { LinkCopier } from './link-copier.ts';
import type { NumberQuestion } from './link-copier.ts';
import type { MenuAction, WindowAction } from './menu-item.ts';

/** What the app does for its tray. */
export interface TrayDelegate {
  openWindow(): void;
  /** Opens the window, and has its page show something. */
  show(wish: Wish): void;
  /** Opens a forward in the browser, by its local address (`openForward` of the contract). */
  openForward(local: string): Promise<void>;
  /** Copies a text; it may be a secret (the link of an invite). */
  copy(text: string): Promise<void>;
  /** Asks a person without a window of ours; see `NumberQuestion`. */
  compareNumbers(question: NumberQuestion): Promise<'match' | 'differ'>;
  checkForUpdates(): void;
  /** Asks first when connections are open. */
  quit(): void;
  onFailed(action: MenuAction['kind'], error: PortholeError): void;
  /** The place of the icon could not be used, and was given up; `attach` may find another. */
  onPlaceFailed(error: PortholeError): void;
}

export interface TrayActionsOptions {
  readonly api: PortholeApi;
  readonly delegate: TrayDelegate;
}

export class TrayActions {
  readonly #options: TrayActionsOptions;
  readonly #links: LinkCopier;
  readonly #end = new AbortController();

  constructor(options: TrayActionsOptions) {
    const { api, delegate } = options;
    this.#options = options;
    this.#links = new LinkCopier({
      api,
      copy: (text) => delegate.copy(text),
      compareNumbers: (question) => delegate.compareNumbers(question),
      onFailed: (error) => delegate.onFailed('copy-link', error),
    });
  }

  /** Never rejects. */
  async run(action: MenuAction): Promise<void> {
    try {
      await this.#do(action);
    } catch (thrown) {
      if (this.#end.signal.aborted) return;
      this.#options.delegate.onFailed(action.kind, toPortholeError(thrown));
    }
  }

  /** What runs is given up. */
  close(): void {
    this.#links.close();
    this.#end.abort(new Error('closed'));
  }

  async #do(action: MenuAction): Promise<unknown> {
    const { delegate } = this.#options;
    switch (action.kind) {
      case 'share-port':
        return this.#share(action.target);
      case 'copy-link':
        return this.#links.copyLink(action.share);
      case 'pause':
        return this.#call('pause', { share: action.share });
      case 'resume':
        return this.#call('resume', { share: action.share });
      case 'stop':
        return this.#call('unshare', { share: action.share });
      case 'pause-all':
        return this.#call('pause', { share: null });
      case 'resume-all':
        return this.#call('resume', { share: null });
      case 'disconnect':
        return this.#call('disconnect', { forward: action.local });
      case 'reconnect':
        return this.#call('reconnect', { peer: action.peer });
      case 'open-in-browser':
        return delegate.openForward(action.local);
      case 'copy-address':
        return delegate.copy(action.local);
      case 'copy-device-id':
        return delegate.copy(action.peer);
      case 'show-problem':
      case 'share-a-port':
      case 'add-a-device':
      case 'show-qr':
      case 'device-details':
      case 'show-all':
      case 'open':
      case 'settings':
      case 'check-for-updates':
      case 'quit':
        return this.#show(action);
    }
  }

  #show(action: WindowAction): void {
    const { delegate } = this.#options;
    switch (action.kind) {
      case 'show-problem':
        return delegate.show({ kind: 'page', page: 'activity' });
      case 'share-a-port':
        return delegate.show({ kind: 'share', port: null });
      case 'add-a-device':
        return delegate.show({ kind: 'add-device', code: null });
      case 'show-qr':
        return delegate.show({ kind: 'share-code', share: action.share });
      case 'device-details':
        return delegate.show({ kind: 'device', peer: action.peer });
      case 'show-all':
        return delegate.show({ kind: 'page', page: action.page });
      case 'settings':
        return delegate.show({ kind: 'page', page: 'settings' });
      case 'open':
        return delegate.openWindow();
      case 'check-for-updates':
        return delegate.checkForUpdates();
      case 'quit':
        return delegate.quit();
    }
  }

  async #share(target: string): Promise<void> {
    await this.#call('share', { target, name: null, peers: [], lan: 'this-computer' });
  }

  #call<Name extends EngineCallName>(
    name: Name,
    params: CallParams<Name>,
  ): Promise<CallResult<Name>> {
    const talk: CallTalk<Name> = {
      signal: this.#end.signal,
      emit: () => {},
      nextInput: () => Promise.reject(misunderstood('input')),
    };
    return this.#options.api.call(name, params, talk);
  }
}
