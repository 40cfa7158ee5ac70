/**
 * What pairing says to the person at this computer, and asks.
 *
 * Invariant: a question is answered by the person or not at all; whoever has gone did not say yes.
 */
import type { PairingEvent, PairingInput } from '../../shared/contract.ts';
import { portholeError } from '../../shared/errors.ts';
import type { Comparison } from '../pairing/channel-authenticator.ts';
import { shortDeviceId } from '../pairing/identity.ts';

export interface PairingTalk {
  /** Aborted when the person has gone or changed their mind. */
  readonly signal: AbortSignal;
  emit(event: PairingEvent): void;
  /** The next thing the person says; rejects when `signal` aborts. */
  nextInput(): Promise<PairingInput>;
}

/** Whether the person says that both screens show these digits. Rejects with E_INVITE_CANCELLED when they have gone. */
export async function askVerdict(talk: PairingTalk, comparison: Comparison): Promise<boolean> {
  const { digits, peer } = comparison;
  const { deviceId, name } = peer;
  talk.emit({ kind: 'compare', digits, peer: shortDeviceId(deviceId), peerName: name });
  try {
    for (;;) {
      const input = await talk.nextInput();
      if (input.kind === 'verdict') return input.match;
    }
  } catch (cause) {
    throw portholeError('E_INVITE_CANCELLED', undefined, { cause });
  }
}

/** The next blob the person pastes; rejects when `talk.signal` aborts. */
export async function nextAnswer(talk: PairingTalk): Promise<string> {
  for (;;) {
    const input = await talk.nextInput();
    if (input.kind === 'answer') return input.blob;
  }
}
