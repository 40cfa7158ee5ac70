/** The conditions to show, each once it has lasted long enough. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useConnection, useStatus } from '../state/use-page.ts';
import { beginningsOf, conditionsOf, nextLook, visibleConditions } from './conditions.ts';
import type { Condition } from './conditions.ts';

export function useConditions(): readonly Condition[] {
  const connection = useConnection();
  const status = useStatus();
  const [visible, setVisible] = useState<readonly Condition[]>([]);
  const beginnings = useRef<ReturnType<typeof beginningsOf>>(new Map());
  const conditions = useMemo(() => conditionsOf(connection, status), [connection, status]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      const now = performance.now();
      beginnings.current = beginningsOf(conditions, beginnings.current, now);
      setVisible((old) => unlessSame(old, visibleConditions(conditions, beginnings.current, now)));
      const wait = nextLook(conditions, beginnings.current, now);
      if (wait !== undefined) timer = setTimeout(look, wait);
    };
    look();
    return () => clearTimeout(timer);
  }, [conditions]);
  return visible;
}

function unlessSame(old: readonly Condition[], next: readonly Condition[]): readonly Condition[] {
  return JSON.stringify(old) === JSON.stringify(next) ? old : next;
}
