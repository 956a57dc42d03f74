import { FieldEntry } from '../datasource/resources';

/** Functions of a measure that are offered; others, such as p99.9, can be typed. */
const FUNCTIONS = ['sum', 'avg', 'min', 'max', 'p50', 'p90', 'p95', 'p99'] as const;
const MEASURES = new Set(['duration', 'bytes', 'number']);

/** `count()` and each function of each measure. */
export function aggregatesOf(fields: readonly FieldEntry[]): string[] {
  const measures = fields.filter(({ kind }) => MEASURES.has(kind)).map(({ name }) => name);
  return ['count()', ...measures.flatMap((measure) => FUNCTIONS.map((name) => `${name}(${measure})`))];
}
