/**
 * Has it read out when a device is connected, and how, or is lost.
 *
 * Invariant: trying to connect is not told; a device that is tried again and again and stays offline
 * is told once.
 */
import { useEffect, useRef } from 'react';
import { DEVICES } from '../../shared/messages/devices.ts';
import { useAnnounce } from '../design/live-region.tsx';
import { deviceState } from '../screens/devices/device-state.ts';
import type { DeviceState } from '../screens/devices/device-state.ts';
import { useStatus } from '../state/use-page.ts';
import { useWords } from '../state/words.ts';

export function SpokenChanges(): null {
  const { say } = useWords(DEVICES);
  const announce = useAnnounce();
  const peers = useStatus()?.peers;
  const told = useRef(new Map<string, DeviceState>());
  useEffect(() => {
    for (const peer of peers ?? []) {
      const { id, name } = peer;
      const state = deviceState(peer);
      const before = told.current.get(id);
      if (state === 'connecting' || state === before) continue;
      told.current.set(id, state);
      // What was there when the page was opened is on it.
      if (before !== undefined) announce(`${name}: ${say(state)}`);
    }
  }, [peers, announce, say]);
  return null;
}
