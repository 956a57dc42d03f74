import { FieldKind } from './condition';
import { kindOf } from './kinds';
import { Comparison, FilterNode, parseFilter } from './parse';
import { Token } from './tokens';
import { referencesIn, Resolve, Resolved } from './variables';
import { escapeGlob, escapeRegex, quote, unquote, writeValue } from './write';

/**
 * Fills template variables into a filter. Several values become a list; a variable whose choice is "All" takes its
 * condition with it, so that records without that field stay in.
 */
export function interpolateFilter(text: string, resolve: Resolve): string {
  if (referencesIn(text).length === 0) {
    return text;
  }
  const root = parseFilter(text);
  return root ? (render(root, text, resolve) ?? '') : substitute(text, resolve);
}

/** The node's text, or nothing where it holds for everything. */
function render(node: FilterNode, text: string, resolve: Resolve): string | undefined {
  const source = text.slice(node.start, node.end);
  if (referencesIn(source).length === 0) {
    return source;
  }
  switch (node.kind) {
    case 'and':
      return joined(node.items.map((item) => render(item, text, resolve)).filter(isPresent), ' and ');
    case 'or':
      return renderOr(node.items.map((item) => render(item, text, resolve)));
    case 'not':
      return prefixed('not ', render(node.item, text, resolve));
    case 'group':
      return grouped(render(node.item, text, resolve));
    case 'comparison':
      return renderComparison(node, resolve);
    case 'lone':
      return grouped(substitute(source, resolve).trim() || undefined);
  }
}

/** One alternative that holds for everything makes the whole hold. */
function renderOr(items: Array<string | undefined>): string | undefined {
  return items.every(isPresent) ? items.join(' or ') : undefined;
}

function renderComparison(comparison: Comparison, resolve: Resolve): string | undefined {
  const field = substitute(comparison.field.text, resolve);
  const context: ValueContext = { kind: kindOf(field), operator: comparison.operator, resolve };
  const written = comparison.values.map((token) => valuesOf(token, context));
  return written.every(isPresent) ? compare(field, comparison.operator, written.flat()) : undefined;
}

/** One comparison for however many values there are. */
function compare(field: string, operator: string, values: string[]): string {
  if (operator === 'in') {
    return `${field} in (${values.join(', ')})`;
  }
  if (values.length === 1) {
    return `${field} ${operator} ${values[0]}`;
  }
  if (operator === '=') {
    return `${field} in (${values.join(', ')})`;
  }
  if (operator === '!=') {
    return `not ${field} in (${values.join(', ')})`;
  }
  const any = values.map((value) => `${field} ${operator} ${value}`);
  return `(${any.join(operator === '!~' ? ' and ' : ' or ')})`;
}

interface ValueContext {
  kind: FieldKind;
  operator: string;
  resolve: Resolve;
}

/** The values that a token stands for, written out; nothing where it stands for all. */
function valuesOf(token: Token, context: ValueContext): string[] | undefined {
  const content = token.kind === 'string' ? unquote(token.text) : token.text;
  const references = referencesIn(content);
  if (references.length === 0) {
    return [token.text];
  }
  const isWhole = references.length === 1 && references[0][0] === content;
  return isWhole ? wholeValues(token, context.resolve(content), context) : partValues(content, context);
}

function wholeValues(token: Token, resolved: Resolved, context: ValueContext): string[] | undefined {
  switch (resolved.kind) {
    case 'all':
      return undefined;
    case 'verbatim':
      return [token.kind === 'string' ? quote(resolved.text) : resolved.text];
    case 'values':
      return resolved.values.map((value) => writeValue(literal(value, resolved.exact, context), context.kind));
  }
}

/** References within a longer value, such as `"$workload-*"`: each combination is a value of its own. */
function partValues(content: string, context: ValueContext): string[] | undefined {
  let values = [''];
  let at = 0;
  for (const reference of referencesIn(content)) {
    const before = content.slice(at, reference.index);
    const choices = partChoices(context.resolve(reference[0]), context);
    if (choices === undefined) {
      return undefined;
    }
    values = values.flatMap((value) => choices.map((choice) => value + before + choice));
    at = (reference.index ?? 0) + reference[0].length;
  }
  return values.map((value) => writeValue(value + content.slice(at), context.kind));
}

function partChoices(resolved: Resolved, context: ValueContext): string[] | undefined {
  switch (resolved.kind) {
    case 'all':
      return undefined;
    case 'verbatim':
      return [resolved.text];
    case 'values':
      return resolved.values.map((value) => (resolved.exact ? escaped(value, context) : value));
  }
}

/** A value picked from a list means itself; one that was typed may be a pattern. */
function literal(value: string, exact: boolean, context: ValueContext): string {
  if (!exact) {
    return value;
  }
  return isRegex(context.operator) ? `^${escapeRegex(value)}$` : escaped(value, context);
}

function escaped(value: string, { kind, operator }: ValueContext): string {
  if (kind !== 'text') {
    return value;
  }
  return isRegex(operator) ? escapeRegex(value) : escapeGlob(value);
}

function isRegex(operator: string): boolean {
  return operator === '=~' || operator === '!~';
}

/** Fills references into text that is no value; several values stand side by side, as Grafana writes them. */
function substitute(text: string, resolve: Resolve): string {
  return referencesIn(text).reduce((filled, [reference]) => filled.replace(reference, () => plain(resolve(reference))), text);
}

function plain(resolved: Resolved): string {
  switch (resolved.kind) {
    case 'all':
      return '';
    case 'verbatim':
      return resolved.text;
    case 'values':
      return resolved.values.join(',');
  }
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function joined(parts: string[], separator: string): string | undefined {
  return parts.length > 0 ? parts.join(separator) : undefined;
}

function prefixed(prefix: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : prefix + text;
}

function grouped(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `(${text})`;
}
