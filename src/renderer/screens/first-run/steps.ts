/** The first steps and what comes after each. Pure. */

export type Step =
  | { readonly kind: 'welcome' }
  | { readonly kind: 'connect' }
  | { readonly kind: 'pair'; readonly begin: 'show' | 'enter' }
  | { readonly kind: 'share' }
  | { readonly kind: 'keeps' };

const ORDER: readonly Step['kind'][] = ['welcome', 'connect', 'pair', 'share', 'keeps'];

export const STEP_COUNT = ORDER.length;

/** From 1. */
export function numberOf({ kind }: Step): number {
  return ORDER.indexOf(kind) + 1;
}

/** Where Back leads; null on the first. Whoever has paired does not go back to pairing. */
export function stepBefore({ kind }: Step): Step | null {
  switch (kind) {
    case 'welcome':
      return null;
    case 'connect':
      return { kind: 'welcome' };
    case 'pair':
    case 'share':
      return { kind: 'connect' };
    case 'keeps':
      return { kind: 'share' };
  }
}
