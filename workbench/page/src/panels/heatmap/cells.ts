import { type DataFrame, type Field, FieldType } from '@grafana/data';

/** Cells of a heatmap: when, between which values, how many. */
export interface Heatmap {
  cells: Cell[];
  /** The field of the values, for its unit; the rows' own names where there is none. */
  yField?: Field;
  rows: Row[];
  columns: number[];
  most: number;
}

export interface Cell {
  column: number;
  row: number;
  count: number;
}

/** One band of values. */
export interface Row {
  low: number;
  high: number;
  /** A name of the band, where the frame has names rather than numbers. */
  name?: string;
}

/** Reads both forms that Grafana has: a row a cell (`heatmap-cells`), or a field a band (`heatmap-rows`). */
export function readHeatmap(frame: DataFrame): Heatmap {
  return frame.meta?.type === 'heatmap-rows' ? fromRows(frame) : fromCells(frame);
}

function fromCells(frame: DataFrame): Heatmap {
  const named = (...names: string[]) => frame.fields.find((field) => names.includes(field.name));
  const times = named('xMax', 'xMin', 'x', 'time') ?? frame.fields[0];
  const [low, high] = [named('yMin', 'y'), named('yMax', 'y')];
  const counts = named('count') ?? frame.fields.at(-1);
  const yField = low ?? high;
  const columns = sorted(times.values);
  const columnOf = new Map(columns.map((time, index) => [time, index]));
  const bands = bandsOf(low, high, times.values.length);
  const rows = [...bands.values()].sort((a, b) => a.high - b.high);
  const rowOf = new Map(rows.map((row, index) => [keyOf(row), index]));
  const cells = times.values.map((time, index): Cell => {
    const band = bandAt(low, high, index);
    return {
      column: columnOf.get(Number(time)) ?? 0,
      row: rowOf.get(keyOf(band)) ?? 0,
      count: Number(counts?.values[index] ?? 0),
    };
  });
  return { cells, yField, rows, columns, most: mostOf(cells) };
}

function fromRows(frame: DataFrame): Heatmap {
  const times = frame.fields.find(({ type }) => type === FieldType.time) ?? frame.fields[0];
  const bands = frame.fields.filter((field) => field !== times && field.type === FieldType.number);
  const rows = bands.map((field, index): Row => ({
    low: index,
    high: index + 1,
    name: field.labels?.le ?? field.name,
  }));
  const cells = bands.flatMap((field, row) =>
    field.values.map((count, column): Cell => ({ column, row, count: Number(count ?? 0) }))
  );
  return { cells, rows, columns: times.values.map(Number), most: mostOf(cells) };
}

function bandAt(low: Field | undefined, high: Field | undefined, index: number): Row {
  return { low: Number(low?.values[index] ?? 0), high: Number(high?.values[index] ?? 0) };
}

function bandsOf(low: Field | undefined, high: Field | undefined, length: number): Map<string, Row> {
  const bands = Array.from({ length }, (_, index) => bandAt(low, high, index));
  return new Map(bands.map((band) => [keyOf(band), band]));
}

function keyOf({ low, high }: Row): string {
  return `${low}|${high}`;
}

function sorted(times: unknown[]): number[] {
  return [...new Set(times.map(Number))].sort((a, b) => a - b);
}

function mostOf(cells: Cell[]): number {
  return cells.reduce((most, { count }) => Math.max(most, count), 0);
}
