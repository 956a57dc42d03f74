/** What values a field has, as the `fields` resource names it. */
export type FieldKind = 'text' | 'address' | 'integer' | 'duration' | 'bytes' | 'number' | 'time';

/** One row of the builder. */
export interface Condition {
  field: string;
  operator: Operator;
  /** One value, except for `in` and `not in`. Without quotes. */
  values: string[];
}

export type Operator = '=' | '!=' | '=~' | '!~' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export const OPERATORS: ReadonlyArray<{ value: Operator; description: string }> = [
  { value: '=', description: 'equals; * and ? are wildcards' },
  { value: '!=', description: 'does not equal' },
  { value: 'in', description: 'is one of' },
  { value: 'not in', description: 'is none of' },
  { value: '=~', description: 'matches the regular expression' },
  { value: '!~', description: 'does not match the regular expression' },
  { value: '<', description: 'is less than' },
  { value: '<=', description: 'is at most' },
  { value: '>', description: 'is more than' },
  { value: '>=', description: 'is at least' },
];

const NAME_OPERATORS: readonly Operator[] = ['=', '!=', 'in', 'not in', '=~', '!~'];
const ORDER_OPERATORS: readonly Operator[] = ['<', '<=', '>', '>='];
const MEASURE_OPERATORS: readonly Operator[] = ['=', '!=', 'in', 'not in', ...ORDER_OPERATORS];

/** The operators that make sense for values of this kind. */
export function operatorsOf(kind: FieldKind): readonly Operator[] {
  switch (kind) {
    case 'text':
    case 'address':
      return NAME_OPERATORS;
    case 'integer':
      return [...NAME_OPERATORS, ...ORDER_OPERATORS];
    default:
      return MEASURE_OPERATORS;
  }
}

export function isOperator(text: string): text is Operator {
  return OPERATORS.some(({ value }) => value === text);
}

export function takesMany(operator: Operator): boolean {
  return operator === 'in' || operator === 'not in';
}

/** A row that is still being filled in is not part of the filter yet. */
export function isFilledIn(condition: Condition): boolean {
  return condition.field !== '' && condition.values.some((value) => value !== '');
}
