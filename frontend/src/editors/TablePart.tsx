import React, { useMemo } from 'react';

import { columnFields } from '../components/fieldOptions';
import { PickMany, PickOne } from '../components/Pickers';
import { aggregatesOf } from '../query/aggregates';
import { RecordTable } from '../query/model';
import { PartProps } from './parts';
import { GroupBy, Limit, OrderBy } from './SharedParts';

const TABLES: Array<{ value: RecordTable; label: string; description: string }> = [
  { value: 'requests', label: 'Requests', description: 'Exchanges of any protocol' },
  { value: 'flows', label: 'Flows', description: 'Reports on connections and conversations' },
  { value: 'drops', label: 'Drops', description: 'Dropped packets' },
  { value: 'processes', label: 'Processes', description: 'Processes that began or ended' },
];

/** Records in groups, with aggregates. */
export function TablePart(props: PartProps) {
  const { query, catalogue, change } = props;
  const table = query.table ?? 'requests';
  const tables = useMemo(() => [table], [table]);
  const aggregates = useMemo(() => aggregatesOf(columnFields(catalogue.fields, table)), [catalogue.fields, table]);
  const columns = useMemo(
    () => [...(query.groupBy ?? []), ...(query.aggregates ?? [])],
    [query.groupBy, query.aggregates]
  );
  return (
    <>
      <PickOne
        label="Records"
        options={TABLES}
        value={table}
        onChange={(picked) =>
          change({ table: picked, groupBy: undefined, aggregates: ['count()'], orderBy: undefined })
        }
      />
      <GroupBy {...props} tables={tables} />
      <PickMany
        label="Aggregates"
        tooltip="Such as count(), sum(bytes_sent), p99(latency)"
        placeholder="Choose aggregates"
        options={aggregates.map((value) => ({ value, label: value }))}
        value={query.aggregates}
        onChange={(picked) => change({ aggregates: picked })}
        open
      />
      <OrderBy {...props} columns={columns} />
      <Limit {...props} placeholder="100" tooltip="At most this many groups" />
    </>
  );
}
