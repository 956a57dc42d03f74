import { type DataQuery, type RawTimeRange, type TimeRange, toURLRange } from '@grafana/data';
import { locationService } from '@grafana/runtime';

/** What Explore shows, as links into it write it. */
export interface ExploreState {
  datasource?: string;
  queries: DataQuery[];
  range: { from: string; to: string };
}

const LAST_QUARTER = { from: 'now-15m', to: 'now' };

/** Reads the state from the address: data links write it in the parameter `left`. */
export function exploreStateOf(): ExploreState {
  const empty: ExploreState = { queries: [], range: LAST_QUARTER };
  const left = new URLSearchParams(locationService.getLocation().search).get('left');
  if (!left) {
    return empty;
  }
  try {
    const { datasource, queries, range } = JSON.parse(left) as Partial<ExploreState>;
    return { datasource, queries: queries ?? [], range: normal(range) };
  } catch {
    return empty;
  }
}

/** Puts the state into the address, so that it can be loaded again or handed on. */
export function keepExploreState(state: { datasource: string; queries: DataQuery[]; range: TimeRange }): void {
  const left = JSON.stringify({ ...state, range: toURLRange(state.range.raw as RawTimeRange) });
  locationService.replace(`/explore?left=${encodeURIComponent(left)}`);
}

/** Milliseconds come as digits, which a range takes for nothing. */
function normal(range?: { from?: string; to?: string }): ExploreState['range'] {
  const text = (value: string | undefined, other: string) =>
    value && /^\d+$/.test(value) ? new Date(Number(value)).toISOString() : (value ?? other);
  return { from: text(range?.from, LAST_QUARTER.from), to: text(range?.to, LAST_QUARTER.to) };
}
