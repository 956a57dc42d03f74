import { useLayoutEffect, useRef } from 'react';

/** The newest value, for effects and callbacks that must not run again when it changes. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value);
  useLayoutEffect(() => {
    latest.current = value;
  }, [value]);
  return latest;
}
