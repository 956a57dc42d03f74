import { type DataFrame, type Field, FieldType } from '@grafana/data';

/** How many values fell between two borders, between two times. */
export interface Cell {
  from: number;
  to: number;
  low: number;
  high: number;
  count: number;
}

export interface Heatmap {
  cells: Cell[];
  /** The field of the values, for its unit. */
  valueField?: Field;
  /** Names of bands, where the frame has these instead of numbers: band n lies between n and n + 1. */
  bands?: string[];
}

/** Reads both forms that Grafana has: a row a cell (`heatmap-cells`), or a field a band (`heatmap-rows`). */
export function readHeatmap(frame: DataFrame): Heatmap {
  return frame.meta?.type === 'heatmap-rows' ? fromBands(frame) : fromCells(frame);
}

function fromCells(frame: DataFrame): Heatmap {
  const named = (name: string) => frame.fields.find((field) => field.name === name);
  const [lows, highs, counts] = [named('yMin'), named('yMax'), named('count')];
  const [begins, ends] = [named('xMin'), named('xMax')];
  const times = begins ?? ends;
  if (!times || !lows || !highs || !counts) {
    return { cells: [] };
  }
  const step = times.config.interval ?? stepOf(times.values);
  const cells = Array.from({ length: frame.length }, (_, row): Cell => {
    const from = begins ? Number(begins.values[row]) : Number(ends?.values[row]) - step;
    const to = ends ? Number(ends.values[row]) : from + step;
    const [low, high, count] = [lows, highs, counts].map(({ values }) => Number(values[row]));
    return { from, to, low, high, count };
  });
  return { cells: cells.filter(({ count }) => count > 0), valueField: highs };
}

function fromBands(frame: DataFrame): Heatmap {
  const times = frame.fields.find(({ type }) => type === FieldType.time);
  const fields = frame.fields.filter(({ type }) => type === FieldType.number);
  const step = times ? (times.config.interval ?? stepOf(times.values)) : 0;
  const cells = fields.flatMap(({ values }, band) =>
    values.map((count, row): Cell => {
      const from = Number(times?.values[row]);
      return { from, to: from + step, low: band, high: band + 1, count: Number(count ?? 0) };
    })
  );
  const bands = fields.map(({ name, labels }) => labels?.le ?? name);
  return { cells: cells.filter(({ count }) => count > 0), bands };
}

/** The smallest distance between two times. */
function stepOf(times: number[]): number {
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const steps = sorted.slice(1).map((time, index) => time - sorted[index]);
  return steps.length > 0 ? Math.min(...steps) : 0;
}
