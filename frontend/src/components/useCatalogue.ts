import { useCallback, useMemo } from 'react';

import { FieldEntry, Resources, SignalEntry } from '../datasource/resources';
import { FieldKind } from '../filter/condition';
import { kindOf } from '../filter/kinds';
import { useLoaded } from './useLoaded';

export interface Catalogue {
  fields: FieldEntry[];
  signals: SignalEntry[];
  /** The kind of a field, whether or not it is among `fields`. */
  kind: (field: string) => FieldKind;
  /** Why the lists are empty, where they should not be. */
  error?: string;
  loading: boolean;
}

const NO_FIELDS: FieldEntry[] = [];
const NO_SIGNALS: SignalEntry[] = [];

/** The fields and signals that there are. */
export function useCatalogue(resources: Resources): Catalogue {
  const fields = useLoaded(
    useCallback(() => resources.fields(), [resources]),
    NO_FIELDS
  );
  const signals = useLoaded(
    useCallback(() => resources.signals(), [resources]),
    NO_SIGNALS
  );
  return useMemo(() => {
    const kinds = new Map(fields.value.map((field) => [field.name, field.kind]));
    return {
      fields: fields.value,
      signals: signals.value,
      kind: (field) => kinds.get(field) ?? kindOf(field),
      error: fields.error ?? signals.error,
      loading: fields.loading || signals.loading,
    };
  }, [fields, signals]);
}
