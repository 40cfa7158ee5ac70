/** Whether something has lasted for a while: problems are shown only then (TimeToVisible). */
import { useEffect, useState } from 'react';

export function useLasting(isThere: boolean, ms: number): boolean {
  const [hasLasted, setHasLasted] = useState(false);
  useEffect(() => {
    if (!isThere) return undefined;
    const timer = setTimeout(() => setHasLasted(true), ms);
    return () => {
      clearTimeout(timer);
      setHasLasted(false);
    };
  }, [isThere, ms]);
  return isThere && hasLasted;
}
