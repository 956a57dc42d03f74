import {
  type DataContextScopedVar,
  formattedValueToString,
  getFieldDisplayName,
  getFieldDisplayValuesProxy,
  getFrameDisplayName,
  type ScopedVars,
} from '@grafana/data';
import { get } from 'lodash';

type DataContext = DataContextScopedVar['value'];

/** What a data link may name beside variables: the row it stands on. */
const MACROS: Record<string, (context: DataContext, path: string) => unknown> = {
  __value: valueOf,
  __data: ({ frame, rowIndex }, path) => {
    const { name, refId } = frame;
    return get({ name, refId, fields: getFieldDisplayValuesProxy({ frame, rowIndex: rowIndex ?? 0 }) }, path);
  },
  __field: ({ frame, field, data }, path) => {
    const displayName = getFieldDisplayName(field, frame, data);
    return get({ name: displayName, displayName, labels: field.labels }, path || 'name');
  },
  __series: ({ frame, frameIndex }) => getFrameDisplayName(frame, frameIndex),
};

/** The value of a macro; nothing where the name is none, or no row is at hand. */
export function macroValue(name: string, path: string | undefined, scopedVars?: ScopedVars): string | undefined {
  const context = scopedVars?.__dataContext?.value as DataContext | undefined;
  const macro = Object.hasOwn(MACROS, name) ? MACROS[name] : undefined;
  return macro && context ? String(macro(context, path ?? '') ?? '') : undefined;
}

function valueOf({ field, rowIndex, calculatedValue }: DataContext, path: string): unknown {
  const raw = rowIndex === undefined ? undefined : field.values[rowIndex];
  const display = calculatedValue ?? field.display?.(raw);
  switch (path) {
    case 'raw':
      return raw ?? calculatedValue?.numeric;
    case 'numeric':
      return display?.numeric;
    case 'time':
      return raw;
    default:
      return display ? formattedValueToString(display) : raw;
  }
}
