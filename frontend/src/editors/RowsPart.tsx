import { InlineSwitch, RadioButtonGroup } from '@grafana/ui';
import React, { useMemo } from 'react';

import { columnFields, toOptions } from '../components/fieldOptions';
import { Labelled } from '../components/Labelled';
import { PickMany } from '../components/Pickers';
import { RecordTable, RowShape } from '../query/model';
import { entryOf } from '../query/queryTypes';
import { PartProps } from './parts';
import { Limit, OrderBy } from './SharedParts';

const SHAPES: Array<{ value: RowShape; label: string; description: string }> = [
  { value: 'table', label: 'Table', description: 'One row each' },
  { value: 'logs', label: 'Logs', description: 'One log line each, for the logs panel' },
  { value: 'traces', label: 'Traces', description: 'Exchanges with a trace id as spans, for the traces panel' },
];

/** Records of one table, as rows. */
export function RowsPart(props: PartProps & { table: RecordTable }) {
  const { query, catalogue, change, table } = props;
  const keys = entryOf(query.queryType).keys;
  const shape = query.as ?? 'table';
  const fields = useMemo(() => columnFields(catalogue.fields, table), [catalogue.fields, table]);
  const names = useMemo(() => fields.map(({ name }) => name), [fields]);
  return (
    <>
      {keys.includes('as') && (
        <Labelled label="Show as">
          <RadioButtonGroup
            aria-label="Show as"
            options={SHAPES}
            value={shape}
            onChange={(as) =>
              change({ as: as === 'table' ? undefined : as, live: as === 'table' ? query.live : undefined })
            }
          />
        </Labelled>
      )}
      {shape === 'table' && (
        <PickMany
          label="Columns"
          placeholder="The usual ones"
          options={toOptions(fields)}
          value={query.columns}
          onChange={(columns) => change({ columns })}
          open
        />
      )}
      {shape !== 'traces' && <OrderBy {...props} columns={names} />}
      <Limit {...props} placeholder="1000" tooltip="At most this many rows" />
      {keys.includes('live') && shape === 'table' && (
        <Labelled label="Live" tooltip="New rows flow in while the time range ends now">
          <InlineSwitch
            value={Boolean(query.live)}
            onChange={(event) => change({ live: event.currentTarget.checked || undefined })}
          />
        </Labelled>
      )}
      {keys.includes('from') && (
        <Labelled label="All of history" tooltip="What runs in the time range may have begun long before it">
          <InlineSwitch
            value={query.from === 0}
            onChange={(event) => change({ from: event.currentTarget.checked ? 0 : undefined })}
          />
        </Labelled>
      )}
    </>
  );
}
