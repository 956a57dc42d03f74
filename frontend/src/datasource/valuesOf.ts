import { getDefaultTimeRange, ScopedVars, TimeRange } from '@grafana/data';

import { interpolateFilter } from '../filter/interpolate';
import { Resolve } from '../filter/variables';
import { GoldwireQuery } from '../query/model';
import { ValuesRequest } from './resources';

const DEFAULT_LIMIT = 1000;

/** What a variable's query asks the nodes. */
export function valuesRequest(
  query: Pick<GoldwireQuery, 'field' | 'filter' | 'prefix' | 'limit' | 'adHoc'>,
  resolve: Resolve,
  range: TimeRange = getDefaultTimeRange(),
  scopedVars: ScopedVars = {}
): ValuesRequest {
  return {
    field: query.field ?? '',
    filter: interpolateFilter(query.filter ?? '', resolve),
    ...(query.adHoc?.length ? { adHoc: query.adHoc } : {}),
    // What the reader types into a variable's drop-down narrows the list at its source.
    prefix: query.prefix || String(scopedVars.__searchFilter?.value ?? ''),
    limit: query.limit ?? DEFAULT_LIMIT,
    from: range.from.valueOf(),
    to: range.to.valueOf(),
  };
}
