import { useEffect, useState } from 'react';

import { messageOf } from '../datasource/resources';

export interface Loaded<T> {
  value: T;
  error?: string;
  loading: boolean;
}

/** What a promise brings; `initial` until then, and where it fails. `load` must keep its identity between renders. */
export function useLoaded<T>(load: () => Promise<T>, initial: T): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ value: initial, loading: true });
  useEffect(() => {
    let stale = false;
    const settle = (next: Partial<Loaded<T>>) => {
      if (!stale) {
        setLoaded((previous) => ({ ...previous, error: undefined, ...next, loading: false }));
      }
    };
    load().then(
      (value) => settle({ value }),
      (error) => settle({ error: messageOf(error) })
    );
    return () => {
      stale = true;
    };
  }, [load]);
  return loaded;
}
