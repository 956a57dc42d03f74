import { useEffect, useState } from 'react';

export interface Loaded<T> {
  value?: T;
  error?: unknown;
}

/** What a promise gave; a newer promise makes an older one's answer void. */
export function useLoaded<T>(load: () => Promise<T>, dependencies: readonly unknown[]): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({});
  useEffect(() => {
    let current = true;
    load().then(
      (value) => current && setLoaded({ value }),
      (error: unknown) => current && setLoaded({ error })
    );
    return () => {
      current = false;
    };
  }, dependencies);
  return loaded;
}
