import { Condition, FieldKind, isFilledIn, takesMany } from './condition';
import { kindOf } from './kinds';

/** A number with or without a unit, an address, a network, or a range of numbers: needs no quotes. */
const BARE = /^-?[0-9][\w.:]*(\/[0-9]+)?[a-zA-Z]*$|^[0-9a-fA-F:]*:[0-9a-fA-F:.]*(\/[0-9]+)?$/;
const VARIABLE = /^\$(\w+|\{[^}]+\})$|^\[\[[^\]]+\]\]$/;

/** The text of a filter that these conditions all hold for. Rows that are not filled in yet are left out. */
export function writeFilter(conditions: readonly Condition[], kind: (field: string) => FieldKind = kindOf): string {
  return conditions
    .filter(isFilledIn)
    .map((condition) => writeCondition(condition, kind(condition.field)))
    .join(' and ');
}

export function writeCondition({ field, operator, values }: Condition, kind: FieldKind = kindOf(field)): string {
  if (!takesMany(operator)) {
    return `${writeField(field)} ${operator} ${writeValue(values[0] ?? '', kind)}`;
  }
  const list = values
    .filter((value) => value !== '')
    .map((value) => writeValue(value, kind))
    .join(', ');
  return `${writeField(field)} ${operator} (${list})`;
}

/** A label's key may hold anything, and is quoted where a filter could not read it; once. */
export function writeField(name: string): string {
  const [, end, key] = /^(\w+\.labels\.)(.*[\s"=!<>(),].*)$/s.exec(name) ?? [];
  return end === undefined || isClosed(key) ? name : end + quote(key);
}

/** Quotes what would not be read as a value of this kind without quotes. A template variable stands as it is. */
export function writeValue(value: string, kind: FieldKind): string {
  if (VARIABLE.test(value) || (kind !== 'text' && BARE.test(value))) {
    return value;
  }
  return quote(value);
}

/** Characters that mean something else behind a backslash; before any other the backslash stays, as in `"\d"`. */
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', "'": "'", '\\': '\\' };

export function quote(value: string): string {
  const escaped = value.replace(/"|\\(?=[nrt"'\\\n\r\t]|$)/g, '\\$&');
  return `"${escaped.replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}"`;
}

/** What a quoted text means; one without its closing quote is read to its end. */
export function unquote(text: string): string {
  const [, opening, inner] = /^(["']?)(.*)$/s.exec(text) ?? [];
  const body = opening && isClosed(text) ? inner.slice(0, -1) : inner;
  return body.replace(/\\(.)/gs, (whole, character: string) => ESCAPES[character] ?? whole);
}

/** A text in quotes that has both. */
export function isClosed(text: string): boolean {
  return /^"(?:[^"\\]|\\.)*"$|^'(?:[^'\\]|\\.)*'$/s.test(text);
}

/** A comment reaches to the end of its line, and must not reach the parenthesis. */
export function parenthesize(filter: string): string {
  return filter.includes('--') ? `(${filter}\n)` : `(${filter})`;
}

/**
 * The text that `=` takes for exactly this value: globs would give `*` and `?` a meaning, and template variables `$name`,
 * `${name}` and `[[name]]`, wherever a query passes by.
 */
export function escapeGlob(value: string): string {
  return escapeReferences(value.replace(/[\\*?]/g, '\\$&'));
}

/** The regular expression that matches exactly this text. */
export function escapeRegex(value: string): string {
  return value.replace(/[\\^.|?*+()[\]{}]/g, '\\$&').replace(/\$/g, '\\x24');
}

/** The same pattern, glob or regular expression, without anything that looks like a template variable. */
export function escapeReferences(pattern: string): string {
  return pattern.replace(/\$(?=[\w{])/g, '\\x24').replace(/\[(?=\[)/g, '\\x5b');
}
