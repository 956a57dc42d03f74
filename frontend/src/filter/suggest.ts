import { FieldEntry } from '../datasource/resources';
import { CaretContext } from './caret';
import { FieldKind, OPERATORS, operatorsOf, takesMany } from './condition';
import { pickedValue } from './exact';
import { unquote, writeField, writeValue } from './write';

/** One line of the completion list. */
export interface Suggestion {
  label: string;
  description?: string;
  /** Stands in for the word at the caret. */
  insert: string;
}

const SHOWN = 50;
const DURATION_UNITS = ['us', 'ms', 's', 'm'];
const SIZE_UNITS = ['KiB', 'MiB', 'GiB'];

const JOINERS: Suggestion[] = [
  { label: 'and', description: 'both must hold', insert: 'and ' },
  { label: 'or', description: 'one of both must hold', insert: 'or ' },
];

/** The text with the suggestion in place of the word at the caret. */
export function complete(text: string, { from, to }: CaretContext, { insert }: Suggestion): string {
  const behind = text.slice(to);
  return text.slice(0, from) + insert + (insert.endsWith(' ') ? behind.trimStart() : behind);
}

/** What can be told without asking the nodes. */
export function localSuggestions(context: CaretContext, fields: readonly FieldEntry[], kind: FieldKind): Suggestion[] {
  switch (context.expects) {
    case 'field':
      return fieldSuggestions(context.typed, fields);
    case 'operator':
      return operatorSuggestions(context.typed, kind);
    case 'joiner':
      return JOINERS.filter(({ label }) => label.startsWith(context.typed.toLowerCase()));
    default:
      return unitSuggestions(context, kind);
  }
}

/** Values from the nodes, quoted as their kind asks. */
export function valueSuggestions(values: readonly string[], context: CaretContext, kind: FieldKind): Suggestion[] {
  const behind = context.expects === 'list' ? '' : ' ';
  const written = (value: string) => writeValue(pickedValue(value, context.operator ?? '=', kind), kind);
  return values.map((value) => ({ label: value, insert: written(value) + behind }));
}

/** What the nodes are asked for: the part of the value before the caret, without its quote. */
export function valuePrefix(context: CaretContext): string {
  return unquote(context.typed);
}

/** Values of a measure are as many as there are records; only names are worth a list. */
export function hasValues(kind: FieldKind): boolean {
  return kind === 'text' || kind === 'address' || kind === 'integer';
}

/** Fields that begin so come before those that only contain it. */
function fieldSuggestions(typed: string, fields: readonly FieldEntry[]): Suggestion[] {
  const part = typed.toLowerCase();
  const begins = fields.filter(({ name }) => name.startsWith(part));
  const contains = fields.filter(({ name }) => !name.startsWith(part) && name.includes(part));
  const named = [...begins, ...contains].slice(0, SHOWN);
  return named.map(({ name, description }) => ({ label: name, description, insert: `${writeField(name)} ` }));
}

const LABEL = /^((?:source|destination|either)\.labels\.)"?(.*)$/s;

/** What the nodes are asked for where a label is being typed: the keys that begin so. */
export function labelKeys(typed: string): { field: string; prefix: string } | undefined {
  const [, end, prefix] = LABEL.exec(typed) ?? [];
  return end === undefined ? undefined : { field: `${end}*`, prefix };
}

/** Labels by their keys from the nodes, at the end that was typed. */
export function labelSuggestions(keys: readonly string[], typed: string): Suggestion[] {
  const [, end] = LABEL.exec(typed) ?? [];
  return end === undefined
    ? []
    : keys.map((key) => ({ label: end + key, description: 'Label', insert: `${writeField(end + key)} ` }));
}

function operatorSuggestions(typed: string, kind: FieldKind): Suggestion[] {
  const fitting = OPERATORS.filter(({ value }) => operatorsOf(kind).includes(value) && value.startsWith(typed));
  return fitting.map(({ value, description }) => ({
    label: value,
    description,
    insert: takesMany(value) ? `${value} (` : `${value} `,
  }));
}

/** A number that was typed, with the units that it could have. */
function unitSuggestions({ typed }: CaretContext, kind: FieldKind): Suggestion[] {
  const [, number, begun] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(typed) ?? [];
  const units = kind === 'duration' ? DURATION_UNITS : kind === 'bytes' ? SIZE_UNITS : [];
  if (number === undefined) {
    return [];
  }
  const fitting = units.filter((unit) => unit !== begun && unit.toLowerCase().startsWith(begun.toLowerCase()));
  return fitting.map((unit) => ({ label: number + unit, insert: `${number}${unit} ` }));
}
