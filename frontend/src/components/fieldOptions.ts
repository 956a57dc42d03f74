import { ComboboxOption } from '@grafana/ui';

import { FieldEntry } from '../datasource/resources';
import { RecordTable } from '../query/model';

const SIDES: Record<string, string> = {
  source: 'Source (who opened the connection)',
  destination: 'Destination (who was called)',
  either: 'Either end',
};

/** Fields that a filter may name: those of the records asked for, and `either.` for those that both ends have. */
export function filterFields(fields: readonly FieldEntry[], tables?: readonly RecordTable[]): FieldEntry[] {
  const usable = fields.filter((field) => field.filterable && isOfTables(field, tables));
  const known = new Set(usable.map(({ name }) => name));
  const either = usable
    .filter(({ name }) => name.startsWith('source.') && !known.has(name.replace('source.', 'either.')))
    .map((field) => ({ ...field, name: field.name.replace('source.', 'either.'), groupable: false }));
  return [...usable, ...either];
}

export function groupFields(fields: readonly FieldEntry[], tables?: readonly RecordTable[]): FieldEntry[] {
  return fields.filter((field) => field.groupable && isOfTables(field, tables));
}

export function columnFields(fields: readonly FieldEntry[], table: RecordTable): FieldEntry[] {
  return fields.filter((field) => isOfTables(field, [table]));
}

export function toOptions(fields: readonly FieldEntry[]): Array<ComboboxOption<string>> {
  return fields.map(({ name, description }) => ({ value: name, label: name, description, group: sideOf(name) }));
}

function sideOf(name: string): string {
  return SIDES[name.split('.')[0]] ?? 'Exchange and connection';
}

/** A field whose tables are not told is taken to be in each. */
function isOfTables(field: FieldEntry, tables: readonly RecordTable[] | undefined): boolean {
  return !tables || !field.tables?.length || tables.some((table) => field.tables.includes(table));
}
