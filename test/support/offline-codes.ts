/** Offline codes and answers for tests: those of usual computers, and of any. */
import * as fc from 'fast-check';
import type { Candidate, SessionDescription } from '../../src/engine/pairing/description.ts';
import { createIdentity } from '../../src/engine/pairing/identity.ts';
import { createOfflineInvite, type OfflineCode } from '../../src/engine/pairing/invite.ts';
import { CANDIDATES_MAX } from '../../src/shared/limits.ts';

export const NOW = 1_900_000_000_000;

/** Two networks with IPv4, one with IPv6, and the address others see. */
const USUAL: readonly Candidate[] = [
  { address: '203.0.113.7', port: 50_123, type: 'srflx' },
  { address: '192.168.100.101', port: 50_123, type: 'host' },
  { address: '10.111.112.113', port: 50_123, type: 'host' },
  { address: '2001:db8:1:2:3:4:5:6', port: 50_123, type: 'host' },
];

/** As many as there can be, and the longest. */
export const MOST: readonly Candidate[] = Array.from({ length: CANDIDATES_MAX }, (_, index) => ({
  address: `2001:db8:1:2:3:4:5:${(index + 1).toString(16)}`,
  port: 50_123,
  type: 'host',
}));

export function describing(
  kind: SessionDescription['kind'],
  candidates: readonly Candidate[] = USUAL,
): SessionDescription {
  return {
    kind,
    candidates,
    iceSecret: crypto.getRandomValues(new Uint8Array(16)),
    fingerprint: crypto.getRandomValues(new Uint8Array(32)),
  };
}

export function offlineCode(changes: Partial<OfflineCode> = {}): OfflineCode {
  const invite = createOfflineInvite({
    publicKey: createIdentity().publicKey,
    nowMs: NOW,
    name: 'n'.repeat(24),
    trust: 'compare',
  });
  return { kind: 'offline', invite, offer: describing('offer'), ...changes };
}

const candidate = fc.record({
  address: fc.constantFrom('192.0.2.1', '10.0.0.2', '2001:db8::1', 'fd00::2'),
  port: fc.integer({ min: 1, max: 65_535 }),
  type: fc.constantFrom('host' as const, 'srflx' as const),
});

/** Any description of one kind. */
export function anyDescription(kind: SessionDescription['kind']): fc.Arbitrary<SessionDescription> {
  return fc.record({
    kind: fc.constant(kind),
    iceSecret: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fingerprint: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    candidates: fc.array(candidate, { maxLength: CANDIDATES_MAX }),
  });
}
