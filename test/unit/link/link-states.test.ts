/** The table of the link's states: total, and right where it matters. */
import { describe, expect, it } from 'vitest';
import {
  LINK_STATES,
  type LinkAction,
  type LinkEvent,
  type LinkState,
} from '../../../src/engine/link/link-states.ts';

const STATES = Object.keys(LINK_STATES) as LinkState[];
const EVENTS = Object.keys(LINK_STATES.idle) as LinkEvent[];

const hasSession = (state: LinkState): boolean => state === 'up' || state === 'held';

describe('the table of link states', () => {
  it('is total: every state with every event', () => {
    expect(STATES).toEqual(['idle', 'connecting', 'authenticating', 'up', 'held', 'closed']);
    expect(EVENTS).toHaveLength(9);
    for (const state of STATES) {
      expect(Object.keys(LINK_STATES[state])).toEqual(EVENTS);
      for (const event of EVENTS) expect(STATES).toContain(LINK_STATES[state][event].to);
    }
  });

  it('leads from every state to closed, and nowhere from there', () => {
    for (const state of STATES) expect(LINK_STATES[state].close.to).toBe('closed');
    for (const event of EVENTS) expect(LINK_STATES.closed[event].to).toBe('closed');
  });

  it('knows no session where there is none: up and held come from joining alone', () => {
    for (const state of STATES) {
      for (const event of EVENTS) {
        const { to } = LINK_STATES[state][event];
        if (hasSession(state) || !hasSession(to)) continue;
        expect([event, to]).toEqual(['joined', 'up']);
      }
    }
    for (const state of STATES.filter(hasSession)) {
      expect(LINK_STATES[state].over.to).toBe('idle');
      // Calls and carriers beside a session change nothing until one has joined.
      for (const event of ['call', 'call-failed', 'carrier', 'carrier-failed'] as const) {
        expect(LINK_STATES[state][event]).toEqual({ to: state, act: 'none' });
      }
    }
  });

  const acts: [LinkState, LinkEvent, LinkState, LinkAction][] = [
    ['up', 'silent', 'held', 'hold'],
    ['held', 'silent', 'held', 'none'],
    ['held', 'heard', 'up', 'release'],
    ['up', 'heard', 'up', 'none'],
    ['held', 'joined', 'up', 'release'],
    ['up', 'joined', 'up', 'release'],
    ['idle', 'joined', 'up', 'release'],
    ['connecting', 'joined', 'up', 'release'],
    ['authenticating', 'joined', 'up', 'release'],
    ['held', 'over', 'idle', 'recall'],
    ['up', 'over', 'idle', 'recall'],
    ['authenticating', 'over', 'idle', 'recall'],
    ['authenticating', 'carrier-failed', 'idle', 'recall'],
    ['connecting', 'call-failed', 'idle', 'none'],
    ['idle', 'call', 'connecting', 'none'],
    ['connecting', 'carrier', 'authenticating', 'none'],
  ];

  it.each(acts)('%s: %s leads to %s, and does: %s', (state, event, to, act) => {
    expect(LINK_STATES[state][event]).toEqual({ to, act });
  });

  it('does nothing but these', () => {
    const listed = new Set(acts.map(([state, event]) => `${state} ${event}`));
    for (const state of STATES) {
      for (const event of EVENTS) {
        const { act } = LINK_STATES[state][event];
        if (act === 'none' || act === 'bug' || listed.has(`${state} ${event}`)) continue;
        expect([state === 'closed', event, act]).toEqual([false, 'close', 'shut']);
      }
    }
  });

  it('has a way back to up from every state but closed', () => {
    for (const state of STATES.filter((one) => one !== 'closed')) {
      const reached = new Set<LinkState>([state]);
      for (const one of reached) {
        for (const event of EVENTS) {
          const { to, act } = LINK_STATES[one][event];
          if (act !== 'bug') reached.add(to);
        }
      }
      expect(reached).toContain('up');
    }
  });

  it('blames itself only for what cannot be: a carrier that joins a link that is closed', () => {
    const bugs = STATES.flatMap((state) =>
      EVENTS.filter((event) => LINK_STATES[state][event].act === 'bug').map((event) => [
        state,
        event,
      ]),
    );
    expect(bugs).toEqual([['closed', 'joined']]);
  });
});
