/** Short messages about what was just done: shown for a while, and read out. */
import type { ReactNode } from 'react';
import { Store } from './store.ts';

export interface Toast {
  readonly number: number;
  readonly kind: 'done' | 'failed';
  /** What is read out is its text. */
  readonly text: ReactNode;
  /** Error code, for details. */
  readonly code: string | null;
}

/** More would cover the page; the oldest goes first. */
const TOASTS_MAX = 3;

/** A failure stays longer: it has a sentence to read. */
export const TOAST_MS = { done: 4000, failed: 10_000 } as const;

export class Toasts {
  readonly shown = new Store<readonly Toast[]>([]);
  #next = 1;

  add(toast: Omit<Toast, 'number'>): void {
    const number = this.#next++;
    this.shown.set([...this.shown.get(), { ...toast, number }].slice(-TOASTS_MAX));
  }

  remove(number: number): void {
    this.shown.set(this.shown.get().filter((toast) => toast.number !== number));
  }
}
