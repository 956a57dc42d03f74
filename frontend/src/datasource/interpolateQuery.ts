import { AdHocVariableFilter } from '@grafana/data';

import { adHocConditions } from '../filter/adHoc';
import { interpolateFilter } from '../filter/interpolate';
import { referencesIn, Resolve } from '../filter/variables';
import { GoldwireQuery } from '../query/model';
import { prune, withDefaults } from '../query/shape';

const LISTS = ['signals', 'groupBy', 'columns', 'orderBy', 'aggregates'] as const;
const TEXTS = ['signal', 'field', 'prefix', 'step'] as const;

/** The query as the backend is to read it: no variables, the ad hoc filters beside it, no key that its type lacks. */
export function interpolateQuery(
  query: GoldwireQuery,
  resolve: Resolve,
  adHoc?: readonly AdHocVariableFilter[]
): GoldwireQuery {
  const filled: GoldwireQuery = { ...withDefaults(query) };
  filled.filter = interpolateFilter(filled.filter ?? '', resolve);
  filled.adHoc = adHocConditions(adHoc);
  for (const key of LISTS) {
    filled[key] = filled[key]?.flatMap((item) => fillItem(item, resolve));
  }
  for (const key of TEXTS) {
    fillText(filled, key, resolve);
  }
  return prune(filled);
}

/** An entry of a list; a variable that has several values becomes several entries. */
function fillItem(item: string, resolve: Resolve): string[] {
  const references = referencesIn(item);
  if (references.length !== 1) {
    return [item];
  }
  return textsOf(references[0][0], resolve).map((text) => item.replace(references[0][0], () => text));
}

function fillText(query: GoldwireQuery, key: (typeof TEXTS)[number], resolve: Resolve): void {
  const text = query[key];
  if (text && referencesIn(text).length > 0) {
    query[key] = fillItem(text, resolve)[0];
  }
}

function textsOf(reference: string, resolve: Resolve): string[] {
  const resolved = resolve(reference);
  switch (resolved.kind) {
    case 'all':
      return [];
    case 'verbatim':
      return [resolved.text];
    case 'values':
      return resolved.values;
  }
}
