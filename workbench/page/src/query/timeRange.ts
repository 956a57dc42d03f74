import { dateTime, makeTimeRange, type RawTimeRange, rangeUtil, type TimeRange } from '@grafana/data';
import { useCallback, useEffect, useMemo, useState } from 'react';

/** The window that a room looks at, and how often it looks again. */
export interface Clock {
  range: TimeRange;
  /** Such as `10s`; empty is never. */
  interval: string;
  setRange(range: RawTimeRange): void;
  setInterval(interval: string): void;
  refresh(): void;
}

/** A window is kept as it was written (`now-5m`), and worked out anew with each refresh. */
export function useClock(from: string, to: string, startInterval: string): Clock {
  const [raw, setRaw] = useState<RawTimeRange>({ from, to });
  const [interval, setInterval] = useState(startInterval);
  const [tick, setTick] = useState(0);
  const refresh = useCallback(() => setTick((count) => count + 1), []);
  useEffect(() => {
    if (!interval) {
      return undefined;
    }
    const timer = window.setInterval(refresh, rangeUtil.intervalToMs(interval));
    return () => window.clearInterval(timer);
  }, [interval, refresh]);
  const range = useMemo(() => workOut(raw), [raw, tick]);
  return { range, interval, setRange: setRaw, setInterval, refresh };
}

function workOut(raw: RawTimeRange): TimeRange {
  const text = (value: RawTimeRange['from']) => (typeof value === 'string' ? value : value.toISOString());
  return rangeUtil.convertRawToRange({ from: text(raw.from), to: text(raw.to) });
}

/** Half a window earlier (-1) or later (1). */
export function shifted(range: TimeRange, direction: -1 | 1): RawTimeRange {
  const [from, to] = [range.from.valueOf(), range.to.valueOf()];
  const step = ((to - from) / 2) * direction;
  return { from: dateTime(from + step), to: dateTime(to + step) };
}

/** Twice the window, about the same middle. */
export function zoomedOut(range: TimeRange): RawTimeRange {
  const [from, to] = [range.from.valueOf(), range.to.valueOf()];
  const half = (to - from) / 2;
  return { from: dateTime(from - half), to: dateTime(to + half) };
}

export function between(from: number, to: number): TimeRange {
  return makeTimeRange(dateTime(from), dateTime(to));
}
