import { QueryFixAction } from '@grafana/data';

import { allOf } from '../filter/adHoc';
import { exactCondition } from '../filter/exact';
import { GoldwireQuery } from '../query/model';
import { settled } from '../query/shape';

/** What Grafana asks for when somebody clicks on a value. */
export const MODIFICATIONS = ['ADD_FILTER', 'ADD_FILTER_OUT'] as const;

/** The query with one condition more: the field has the value that was clicked, or does not. */
export function modifyQuery(query: GoldwireQuery, { type, options }: QueryFixAction): GoldwireQuery {
  const condition = options?.key && exactCondition(options.key, options.value);
  if (!condition || !MODIFICATIONS.some((known) => known === type)) {
    return query;
  }
  const plain = settled(query);
  const added = type === 'ADD_FILTER' ? condition : `not (${condition})`;
  return { ...plain, filter: allOf(plain.filter ?? '', [condition.includes(' or ') ? `(${added})` : added]) };
}
