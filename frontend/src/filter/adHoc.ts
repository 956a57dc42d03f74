import { AdHocVariableFilter } from '@grafana/data';

import { Condition, isOperator, Operator, takesMany } from './condition';
import { parenthesize, writeCondition } from './write';

/** How Grafana writes "one of" and "none of" in its ad hoc filters. */
const MANY: Record<string, Operator> = { '=|': 'in', '!=|': 'not in' };

/** The filter and the dashboard's ad hoc filters: both must hold. */
export function withAdHoc(filter: string, adHoc: readonly AdHocVariableFilter[] = []): string {
  const extra = adHoc.map(toCondition).filter((condition) => condition !== undefined);
  if (extra.length === 0) {
    return filter;
  }
  const written = extra.map((condition) => writeCondition(condition)).join(' and ');
  return filter.trim() ? `${protect(filter)} and ${written}` : written;
}

/** A bar that is still being filled in has no key or no value yet. */
function toCondition(filter: AdHocVariableFilter): Condition | undefined {
  const operator = MANY[filter.operator] ?? filter.operator;
  if (!filter.key || !isOperator(operator)) {
    return undefined;
  }
  const given = takesMany(operator) && filter.values?.length ? filter.values : [filter.value];
  const values = given.filter((value) => value !== undefined && value !== '');
  return values.length > 0 ? { field: filter.key, operator, values } : undefined;
}

/** Only an `or` needs parentheses, and a comment an end; but what cannot be read might hide either. */
function protect(filter: string): string {
  return /\bor\b|--/i.test(filter) ? parenthesize(filter) : filter;
}
