import { Condition, isOperator, Operator } from './condition';
import { Comparison, FilterNode, parseFilter } from './parse';
import { unquote } from './write';

/** What `not` before a comparison makes of it. An order has no opposite: both are false where the field is absent. */
const OPPOSITES: Record<string, Operator> = {
  '=': '!=',
  '!=': '=',
  '=~': '!~',
  '!~': '=~',
  in: 'not in',
  'not in': 'in',
};

/**
 * The rows of the builder for a filter that holds template variables, which the nodes cannot read. Nothing where it is
 * no flat `and` of simple comparisons.
 */
export function readConditions(text: string): Condition[] | undefined {
  const root = parseFilter(text);
  const items = root?.kind === 'and' ? root.items : root && [root];
  const conditions = items?.map(readItem);
  return conditions?.every((condition) => condition !== undefined) ? conditions : undefined;
}

function readItem(node: FilterNode): Condition | undefined {
  if (node.kind === 'comparison') {
    return readComparison(node, node.operator);
  }
  if (node.kind === 'not' && node.item.kind === 'comparison') {
    return readComparison(node.item, OPPOSITES[node.item.operator]);
  }
  return undefined;
}

function readComparison(comparison: Comparison, operator: string | undefined): Condition | undefined {
  const values = comparison.values.map((token) => (token.kind === 'string' ? unquote(token.text) : token.text));
  return operator && isOperator(operator) ? { field: comparison.field.text, operator, values } : undefined;
}
