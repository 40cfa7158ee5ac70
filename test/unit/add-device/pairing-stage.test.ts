import { expect, test } from 'vitest';
import type { PeerView } from '../../../src/shared/contract.ts';
import {
  afterAnswer,
  afterEvent,
  afterFailure,
  afterPaired,
  afterVerdict,
  isOver,
  nameOf,
  STARTING,
} from '../../../src/renderer/screens/add-device/pairing-stage.ts';
import type { Pairing } from '../../../src/renderer/screens/add-device/pairing-stage.ts';

const offer = {
  kind: 'invite',
  mode: 'offline',
  link: 'porthole://pair#AQI',
  expiresAt: '2026-11-21T14:10:00.000Z',
} as const;
const compare = { kind: 'compare', digits: '482913', peer: 'k3f9', peerName: 'laptop' } as const;
const peer = { id: 'k3f9', name: 'laptop' } as PeerView;
const failure = { code: 'E_DIGITS_DIFFER', message: 'Pairing stopped.' };

test('an invite is shown, compared and done', () => {
  const shown = afterEvent(STARTING, { ...offer, mode: 'online' });
  expect(shown.stage).toMatchObject({ kind: 'shown', mode: 'online' });
  const asked = afterEvent(shown, compare);
  expect(asked.stage).toMatchObject({ kind: 'compare', verdict: 'asked' });
  expect(nameOf(asked, 'the other computer')).toBe('laptop');
  const said = afterVerdict(asked, true);
  expect(said.stage).toMatchObject({ kind: 'compare', verdict: 'match' });
  const done = afterPaired(said, peer);
  expect(done.stage).toEqual({ kind: 'paired', peer });
  expect(isOver(done)).toBe(true);
});

test('only the first word counts', () => {
  const said = afterVerdict(afterEvent(STARTING, compare), false);
  expect(afterVerdict(said, true)).toBe(said);
  expect(afterVerdict(STARTING, true)).toBe(STARTING);
});

test('a warning during the comparison stays until the end', () => {
  const asked = afterEvent(STARTING, compare);
  const warned = afterEvent(asked, { kind: 'warning', text: 'Another device' });
  expect(warned).toEqual({ stage: asked.stage, warning: 'Another device' });
  expect(afterVerdict(warned, true).warning).toBe('Another device');
  expect(afterPaired(warned, peer).warning).toBeNull();
});

test('an answer that does not fit is asked for again', () => {
  const answered = afterAnswer(afterEvent(STARTING, offer));
  expect(answered.stage).toMatchObject({ kind: 'shown', answer: 'answered' });
  const again = afterEvent(answered, { kind: 'warning', text: 'This answer belongs to…' });
  expect(again.stage).toMatchObject({ kind: 'shown', answer: 'asked' });
  expect(again.warning).toBe('This answer belongs to…');
  expect(afterAnswer(again).warning).toBeNull();
});

test('an answer to carry back stays while the connection is made', () => {
  const carry = afterEvent(STARTING, { kind: 'answer', blob: 'porthole://answer#AYA' });
  const connecting = { kind: 'connecting', peer: 'k3f9', peerName: 'laptop' } as const;
  expect(afterEvent(carry, connecting)).toBe(carry);
  expect(afterEvent(STARTING, connecting).stage.kind).toBe('connecting');
});

test('a failure knows when the code that was shown ends', () => {
  expect(afterFailure(afterEvent(STARTING, offer), failure).stage).toEqual({
    kind: 'failed',
    failure,
    expiresAt: offer.expiresAt,
  });
  expect(afterFailure(STARTING, failure).stage).toMatchObject({ expiresAt: null });
});

test('nothing comes after the end', () => {
  const ends: readonly Pairing[] = [afterPaired(STARTING, peer), afterFailure(STARTING, failure)];
  for (const end of ends) {
    expect(afterEvent(end, compare)).toBe(end);
    expect(afterFailure(end, failure)).toBe(end);
    expect(afterPaired(end, peer)).toBe(end);
    expect(afterVerdict(end, true)).toBe(end);
    expect(afterAnswer(end)).toBe(end);
  }
});
