import { expandPattern, expandText, expandValues } from './expand';
import { kindOf } from './kinds';
import { Comparison, FilterNode, parseFilter } from './parse';
import { referencesIn, Resolve } from './variables';
import { parenthesize } from './write';

/**
 * Fills template variables into a filter. Several values become a list; a variable whose choice is "All" takes its
 * condition with it, so that records without that field stay in.
 */
export function interpolateFilter(text: string, resolve: Resolve): string {
  if (referencesIn(text).length === 0) {
    return text;
  }
  const root = parseFilter(text);
  // A filter that cannot be read goes to the nodes as it is: they say what is wrong with it.
  return root ? (render(root, text, resolve) ?? '') : expandText(text, resolve);
}

/** The node's text, or nothing where it holds for everything. */
function render(node: FilterNode, text: string, resolve: Resolve): string | undefined {
  const source = text.slice(node.start, node.end);
  if (referencesIn(source).length === 0) {
    return source;
  }
  switch (node.kind) {
    case 'and':
      return renderAnd(node.items.map((item) => render(item, text, resolve)));
    case 'or':
      return renderOr(node.items.map((item) => render(item, text, resolve)));
    case 'not':
      return ifPresent(render(node.item, text, resolve), (item) => `not ${item}`);
    case 'group':
      return ifPresent(render(node.item, text, resolve), parenthesize);
    case 'comparison':
      return renderComparison(node, resolve);
    case 'lone':
      return ifPresent(expandText(source, resolve).trim() || undefined, parenthesize);
  }
}

function renderAnd(items: Array<string | undefined>): string | undefined {
  const present = items.filter((item) => item !== undefined);
  return present.length > 0 ? present.join(' and ') : undefined;
}

/** One alternative that holds for everything makes the whole hold. */
function renderOr(items: Array<string | undefined>): string | undefined {
  return items.every((item) => item !== undefined) ? items.join(' or ') : undefined;
}

function renderComparison({ field, operator, values }: Comparison, resolve: Resolve): string | undefined {
  const name = expandText(field.text, resolve);
  if (operator === '=~' || operator === '!~') {
    return ifPresent(expandPattern(values[0], resolve), (pattern) => `${name} ${operator} ${pattern}`);
  }
  const written = values.map((token) => expandValues(token, kindOf(name), resolve));
  return written.every((some) => some !== undefined) ? compare(name, operator, written.flat()) : undefined;
}

const LISTS: Record<string, string> = { '=': 'in', '!=': 'not in', in: 'in', 'not in': 'not in' };

/** One comparison for however many values there are. */
function compare(field: string, operator: string, values: string[]): string {
  if (values.length === 1 && operator !== 'in' && operator !== 'not in') {
    return `${field} ${operator} ${values[0]}`;
  }
  const list = LISTS[operator];
  return list === undefined
    ? `(${values.map((value) => `${field} ${operator} ${value}`).join(' or ')})`
    : `${field} ${list} (${values.join(', ')})`;
}

function ifPresent(text: string | undefined, write: (text: string) => string): string | undefined {
  return text === undefined ? undefined : write(text);
}
