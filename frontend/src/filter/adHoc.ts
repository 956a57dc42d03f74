import { AdHocVariableFilter } from '@grafana/data';

import { Condition, FieldKind, isOperator, Operator, takesMany } from './condition';
import { kindOf } from './kinds';
import { escapeGlob, escapeReferences, parenthesize, writeCondition } from './write';

/** How Grafana writes "one of" and "none of" in its ad hoc filters. */
const MANY: Record<string, Operator> = { '=|': 'in', '!=|': 'not in' };

/**
 * A dashboard's ad hoc filters, a condition each. They are kept apart from the query's own filter, for only the backend
 * knows which of them a query's records can be asked for.
 */
export function adHocConditions(adHoc: readonly AdHocVariableFilter[] = []): string[] {
  const conditions = adHoc.map(toCondition).filter((condition) => condition !== undefined);
  return conditions.map((condition) => writeCondition(condition));
}

/** The filter with the ad hoc filters in it: both must hold. */
export function withAdHoc(filter: string, adHoc: readonly AdHocVariableFilter[] = []): string {
  return allOf(filter, adHocConditions(adHoc));
}

/** The filter and conditions, which must all hold. */
export function allOf(filter: string, conditions: readonly string[]): string {
  const own = filter.trim() ? [conditions.length > 0 ? protect(filter) : filter] : [];
  return [...own, ...conditions].join(' and ');
}

/** A bar that is still being filled in has no key or no value yet. */
function toCondition(filter: AdHocVariableFilter): Condition | undefined {
  const operator = MANY[filter.operator] ?? filter.operator;
  if (!filter.key || !isOperator(operator)) {
    return undefined;
  }
  const given = takesMany(operator) && filter.values?.length ? filter.values : [filter.value];
  const kind = kindOf(filter.key);
  const values = given.filter((value) => value !== undefined && value !== '');
  return values.length > 0
    ? { field: filter.key, operator, values: values.map((value) => escape(value, operator, kind)) }
    : undefined;
}

/** Values of ad hoc filters are picked, so that they stand for themselves; only a regular expression is a pattern. */
function escape(value: string, operator: Operator, kind: FieldKind): string {
  return kind === 'text' && operator !== '=~' && operator !== '!~' ? escapeGlob(value) : escapeReferences(value);
}

/** Only an `or` needs parentheses, and a comment an end; but what cannot be read might hide either. */
function protect(filter: string): string {
  return /\bor\b|--/i.test(filter) ? parenthesize(filter) : filter;
}
