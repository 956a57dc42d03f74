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
    return `${field} ${operator} ${writeValue(values[0] ?? '', kind)}`;
  }
  const list = values
    .filter((value) => value !== '')
    .map((value) => writeValue(value, kind))
    .join(', ');
  return operator === 'in' ? `${field} in (${list})` : `not ${field} in (${list})`;
}

/** Quotes what would not be read as a value of this kind without quotes. A template variable stands as it is. */
export function writeValue(value: string, kind: FieldKind): string {
  if (VARIABLE.test(value) || (kind !== 'text' && BARE.test(value))) {
    return value;
  }
  return quote(value);
}

export function quote(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}

/** What a quoted text means; a text without its closing quote is read to its end. */
export function unquote(text: string): string {
  const inner = text.startsWith('"') ? text.slice(1) : text;
  const closed = /^(?:[^"\\]|\\.)*/s.exec(inner)?.[0] ?? inner;
  return closed.replace(/\\(.)/gs, '$1');
}

/** The text that `=` takes for exactly this value: globs would give `*` and `?` a meaning. */
export function escapeGlob(value: string): string {
  return value.replace(/[\\*?]/g, '\\$&');
}

/** The regular expression that matches exactly this text. */
export function escapeRegex(value: string): string {
  return value.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}
