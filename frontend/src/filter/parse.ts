import { isKeyword, Token, tokenize } from './tokens';

/**
 * The skeleton of a filter: enough to fill in template variables, which only the browser knows. What a filter means
 * is decided by the nodes alone.
 */
export type FilterNode =
  | { kind: 'and' | 'or'; items: FilterNode[]; start: number; end: number }
  | { kind: 'not' | 'group'; item: FilterNode; start: number; end: number }
  | Comparison
  | { kind: 'lone'; token: Token; start: number; end: number };

export interface Comparison {
  kind: 'comparison';
  field: Token;
  /** `=`, `not in`, … */
  operator: string;
  values: Token[];
  start: number;
  end: number;
}

/** The skeleton, or nothing where the text has none. */
export function parseFilter(text: string): FilterNode | undefined {
  const cursor = new Cursor(tokenize(text));
  const node = parseChain(cursor, 'or');
  return cursor.peek() === undefined ? node : undefined;
}

class Cursor {
  private at = 0;
  constructor(private readonly tokens: Token[]) {}

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  next(): Token | undefined {
    return this.tokens[this.at++];
  }
}

/** Operands joined by `or`, each a chain joined by `and`. */
function parseChain(cursor: Cursor, kind: 'and' | 'or'): FilterNode | undefined {
  const operand = () => (kind === 'or' ? parseChain(cursor, 'and') : parseOperand(cursor));
  const items = [operand()];
  while (isKeyword(cursor.peek(), kind)) {
    cursor.next();
    items.push(operand());
  }
  if (!items.every((item) => item !== undefined)) {
    return undefined;
  }
  const first = items[0];
  return items.length === 1 ? first : { kind, items, start: first.start, end: items[items.length - 1].end };
}

function parseOperand(cursor: Cursor): FilterNode | undefined {
  const token = cursor.next();
  if (token?.kind === 'open') {
    return parseGroup(cursor, token);
  }
  if (isKeyword(token, 'not') && token) {
    const item = parseOperand(cursor);
    return item && { kind: 'not', item, start: token.start, end: item.end };
  }
  return token?.kind === 'word' ? parseComparison(cursor, token) : undefined;
}

function parseGroup(cursor: Cursor, open: Token): FilterNode | undefined {
  const item = parseChain(cursor, 'or');
  const close = cursor.next();
  return item && close?.kind === 'close' ? { kind: 'group', item, start: open.start, end: close.end } : undefined;
}

function parseComparison(cursor: Cursor, field: Token): FilterNode | undefined {
  const operator = cursor.peek();
  if (isKeyword(operator, 'in')) {
    cursor.next();
    return parseList(cursor, field, 'in');
  }
  if (isKeyword(operator, 'not') && isKeyword(cursor.peek(1), 'in')) {
    cursor.next();
    cursor.next();
    return parseList(cursor, field, 'not in');
  }
  if (operator?.kind !== 'operator') {
    return { kind: 'lone', token: field, start: field.start, end: field.end };
  }
  cursor.next();
  const value = cursor.next();
  return isValue(value)
    ? { kind: 'comparison', field, operator: operator.text, values: [value], start: field.start, end: value.end }
    : undefined;
}

/** `(a, b)`, or one variable that stands for the whole list. */
function parseList(cursor: Cursor, field: Token, operator: 'in' | 'not in'): FilterNode | undefined {
  const first = cursor.next();
  const comparison = (values: Token[], end: number): Comparison => {
    return { kind: 'comparison', field, operator, values, start: field.start, end };
  };
  if (isValue(first)) {
    return comparison([first], first.end);
  }
  const values: Token[] = [];
  let separator = first;
  while (separator?.kind === 'open' || separator?.kind === 'comma') {
    const value = cursor.next();
    if (!isValue(value)) {
      return undefined;
    }
    values.push(value);
    separator = cursor.next();
  }
  return separator?.kind === 'close' && values.length > 0 ? comparison(values, separator.end) : undefined;
}

type ValueToken = Token & { kind: 'word' | 'string' };

function isValue(token: Token | undefined): token is ValueToken {
  return token?.kind === 'word' || token?.kind === 'string';
}
