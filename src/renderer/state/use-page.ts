/** What components know of Porthole, and how they ask it to do something. */
import { createContext, useCallback, useContext } from 'react';
import type { PortholeApi } from '../../shared/calls/api.ts';
import type { CallName, CallParams, CallResult, StatusView } from '../../shared/contract.ts';
import { toPortholeError } from '../../shared/errors.ts';
import type { PortholeError } from '../../shared/errors.ts';
import { sayFailure } from '../../shared/messages/errors.ts';
import type { ShellView } from '../../shared/shell-calls.ts';
import type { Connection } from '../bridge/bridge.ts';
import type { ActivityLog } from './activity-log.ts';
import type { PageState } from './page-state.ts';
import type { RateBook } from './rate-book.ts';
import { useStore } from './store.ts';
import { useLanguage } from './words.ts';

export const PageContext = createContext<PageState | null>(null);

export function usePage(): PageState {
  const page = useContext(PageContext);
  if (page === null) throw new TypeError('no page around this component');
  return page;
}

/** Null until the first answer. */
export function useStatus(): StatusView | null {
  return useStore(usePage().status);
}

/** Null until the first answer. */
export function useShell(): ShellView | null {
  return useStore(usePage().shell);
}

export function useConnection(): Connection {
  return useStore(usePage().bridge.connection);
}

export function useActivity(): ActivityLog {
  return useStore(usePage().activity);
}

/** Rates are drawn as they come, not by React: see `RateBook.subscribe`. */
export function useRates(): RateBook {
  return usePage().rates;
}

/** Every call, with its events and inputs, for dialogs that show failures themselves. */
export function useApi(): PortholeApi<CallName> {
  return usePage().bridge.api;
}

export type Outcome<Name extends CallName> =
  | { readonly ok: true; readonly value: CallResult<Name> }
  | { readonly ok: false; readonly error: PortholeError };

/** Makes a call without events or inputs; never rejects. */
export type Ask = <Name extends CallName>(
  name: Name,
  params: CallParams<Name>,
) => Promise<Outcome<Name>>;

/** The caller shows a failure. */
export function useAsk(): Ask {
  const api = useApi();
  return useCallback((name, params) => ask(api, name, params), [api]);
}

/** A failure is shown as a short message, with its code in details. */
export function useAct(): Ask {
  const { bridge, toasts } = usePage();
  const language = useLanguage();
  return useCallback(
    async (name, params) => {
      const outcome = await ask(bridge.api, name, params);
      if (!outcome.ok) {
        const { code } = outcome.error;
        toasts.add({ kind: 'failed', text: sayFailure(outcome.error, language), code });
      }
      return outcome;
    },
    [bridge, toasts, language],
  );
}

async function ask<Name extends CallName>(
  api: PortholeApi<CallName>,
  name: Name,
  params: CallParams<Name>,
): Promise<Outcome<Name>> {
  const { signal } = new AbortController();
  try {
    const value = await api.call(name, params, { signal, emit: () => {}, nextInput: neverMore });
    return { ok: true, value };
  } catch (thrown) {
    return { ok: false, error: toPortholeError(thrown) };
  }
}

function neverMore(): Promise<never> {
  return new Promise(() => {});
}
