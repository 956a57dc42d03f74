import { FieldKind, Operator } from './condition';
import { kindOf } from './kinds';
import { escapeGlob, escapeRegex, parenthesize, quote, writeField } from './write';

/** Matches every text but the empty one. */
const ANY_TEXT = '?*';
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*)$/;
const NUMBER = /^-?\d+(?:\.\d+)?$/;
const WHOLE = /^-?\d+$/;

/**
 * The condition that holds where a field has exactly this value; for an empty text and for none, where it has no value.
 * Nothing where no record can have this value in this field. The plugin's backend writes the same text.
 */
export function exactCondition(field: string, value: string | null | undefined): string | undefined {
  const kind = kindOf(field);
  if (value === null || value === undefined || value === '') {
    return absentCondition(field, kind);
  }
  const written = exactValue(value, kind);
  return written === undefined ? undefined : `${writeField(field)} = ${written}`;
}

/** A value as `=` and `in` take it, where it stands for itself alone. */
export function exactValue(value: string, kind: FieldKind): string | undefined {
  return kind === 'text' ? quote(escapeGlob(value)) : isOfKind(value, kind) ? value : undefined;
}

/** A value that was picked from a list, as the builder's rows hold it: without quotes, and standing for itself alone. */
export function pickedValue(value: string, operator: string, kind: FieldKind): string {
  if (operator === '=~' || operator === '!~') {
    return `^${escapeRegex(value)}$`;
  }
  return kind === 'text' ? escapeGlob(value) : value;
}

/** The same value behind another operator. A pattern stays as it was typed. */
export function carriedValue(value: string, from: Operator, to: Operator, kind: FieldKind): string {
  const plain = isRegex(from) === isRegex(to) ? undefined : plainValue(value, from, kind);
  return plain === undefined ? value : pickedValue(plain, to, kind);
}

/** What a row's value stands for, where that is one text: for people to read. */
export function plainValue(value: string, operator: string, kind: FieldKind): string | undefined {
  if (isRegex(operator)) {
    const [, inner] = /^\^(.*)\$$/s.exec(value) ?? [];
    const plain = inner?.replace(/\\x([0-9a-fA-F]{2})|\\([^\w\s])/g, (_, number: string, character: string) => {
      return number ? String.fromCharCode(parseInt(number, 16)) : character;
    });
    return plain !== undefined && escapeRegex(plain) === inner ? plain : undefined;
  }
  return kind === 'text' ? readGlob(value) : value;
}

/** The one text that a pattern matches; nothing where it has wildcards. */
export function readGlob(pattern: string): string | undefined {
  const isPlain = !pattern.replace(/\\[\\*?]/g, '').match(/[*?]/);
  const read = (_: string, number: string, character: string) => {
    return number ? String.fromCharCode(parseInt(number, 16)) : character;
  };
  return isPlain ? pattern.replace(/\\x([0-9a-fA-F]{2})|\\([\\*?])/g, read) : undefined;
}

/** Values by field, as links bring them along: all of an object hold, and one of several objects. */
export type ExactValues = Record<string, string | number | null>;

/** The filter that they stand for; nothing where a value can be none of its field's. */
export function exactFilter(where: ExactValues | readonly ExactValues[]): string | undefined {
  const alternatives = Array.isArray(where) ? (where as readonly ExactValues[]) : [where as ExactValues];
  const written = alternatives.map(allOf);
  if (written.some((one) => one === undefined)) {
    return undefined;
  }
  return written.length > 1 ? written.map((one) => parenthesize(one ?? '')).join(' or ') : written[0];
}

function allOf(values: ExactValues): string | undefined {
  const conditions = Object.entries(values).map(([field, value]) => {
    const text = value === null ? null : String(value);
    // What Grafana writes for a number that is absent.
    const condition = exactCondition(field, kindOf(field) !== 'text' && text === 'NaN' ? null : text);
    const isAlternative = field.startsWith(EITHER) && !text;
    return condition !== undefined && isAlternative ? parenthesize(condition) : condition;
  });
  return conditions.every((one) => one !== undefined) ? conditions.join(' and ') : undefined;
}

const EITHER = 'either.';

function absentCondition(field: string, kind: FieldKind): string {
  if (field.startsWith(EITHER)) {
    const ends = ['source.', 'destination.'].map((end) => absentCondition(end + field.slice(EITHER.length), kind));
    return ends.join(' or ');
  }
  const name = writeField(field);
  const takesPatterns = kind === 'text' || kind === 'address' || kind === 'integer';
  return takesPatterns ? `${name} != ${quote(ANY_TEXT)}` : `not ${name} >= 0`;
}

function isOfKind(value: string, kind: FieldKind): boolean {
  switch (kind) {
    case 'address':
      return ADDRESS.test(value);
    case 'integer':
    case 'time':
      return WHOLE.test(value);
    default:
      return NUMBER.test(value);
  }
}

function isRegex(operator: string): boolean {
  return operator === '=~' || operator === '!~';
}
