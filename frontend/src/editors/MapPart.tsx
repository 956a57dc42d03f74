import { ComboboxOption } from '@grafana/ui';
import React, { useMemo } from 'react';

import { PickOne } from '../components/Pickers';
import { FieldEntry } from '../datasource/resources';
import { PartProps } from './parts';

/** What a node of the map is: a field of an end, without its side. */
export function MapPart({ query, catalogue, change }: PartProps) {
  const options = useMemo(() => endFields(catalogue.fields), [catalogue.fields]);
  return (
    <PickOne
      label="Group by"
      tooltip="What a node of the map stands for"
      options={options}
      value={query.groupBy?.[0] ?? 'workload'}
      onChange={(field) => change({ groupBy: [field] })}
      open
    />
  );
}

function endFields(fields: readonly FieldEntry[]): Array<ComboboxOption<string>> {
  const ends = fields.filter(({ name, groupable }) => groupable && name.startsWith('source.'));
  return ends.map(({ name, description }) => {
    const field = name.slice('source.'.length);
    return { value: field, label: field, description };
  });
}
