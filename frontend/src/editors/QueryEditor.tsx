import { QueryEditorProps } from '@grafana/data';
import { Alert, Stack } from '@grafana/ui';
import React, { useEffect, useMemo } from 'react';

import { FilterEditor } from '../components/FilterEditor';
import { PickOne } from '../components/Pickers';
import { useCatalogue } from '../components/useCatalogue';
import { useLatest } from '../components/useLatest';
import { GoldwireDataSource } from '../datasource/datasource';
import { GoldwireOptions, GoldwireQuery, RecordTable } from '../query/model';
import { QUERY_TYPES } from '../query/queryTypes';
import { settled, switchType } from '../query/shape';
import { MapPart } from './MapPart';
import { PartProps } from './parts';
import { RowsPart } from './RowsPart';
import { HeatmapPart, SignalsPart } from './SignalParts';
import { TablePart } from './TablePart';

type Props = QueryEditorProps<GoldwireDataSource, GoldwireQuery, GoldwireOptions>;

const TYPE_OPTIONS = QUERY_TYPES.map(({ type, label, description }) => ({ value: type, label, description }));

export function QueryEditor({ datasource, query: stored, onChange, onRunQuery, range }: Props) {
  const query = useMemo(() => settled(stored), [stored]);
  const catalogue = useCatalogue(datasource.resources);
  const window = useMemo(() => range && { from: range.from.valueOf(), to: range.to.valueOf() }, [range]);

  // What is shown is what is stored: an alert rule that is saved untouched must not ask something else.
  const isUnsettled = query !== stored;
  const settle = useLatest(() => onChange(query));
  useEffect(() => {
    if (isUnsettled) {
      settle.current();
    }
  }, [isUnsettled, settle]);

  const edit = (part: Partial<GoldwireQuery>) => onChange({ ...query, ...part });
  const change = (part: Partial<GoldwireQuery>) => {
    edit(part);
    onRunQuery();
  };
  const part: PartProps = { query, catalogue, change, edit, run: onRunQuery };
  return (
    <Stack direction="column" gap={0.5}>
      <Stack direction="row" wrap="wrap" gap={0.5}>
        <PickOne
          label="Query type"
          options={TYPE_OPTIONS}
          value={query.queryType}
          onChange={(queryType) => {
            // Not merged into the old query: no key of the old type may stay behind.
            onChange(switchType(query, queryType));
            onRunQuery();
          }}
        />
        <TypePart {...part} />
      </Stack>
      <FilterEditor
        value={query.filter ?? ''}
        onChange={(filter) => edit({ filter: filter || undefined })}
        onDone={onRunQuery}
        resources={datasource.resources}
        catalogue={catalogue}
        interpolate={(filter) => datasource.interpolateFilter(filter)}
        tables={tablesOf(query)}
        window={window}
      />
      {catalogue.error && (
        <Alert title="The lists of fields and signals could not be loaded" severity="warning">
          {catalogue.error}
        </Alert>
      )}
    </Stack>
  );
}

function TypePart(props: PartProps) {
  switch (props.query.queryType) {
    case 'heatmap':
      return <HeatmapPart {...props} />;
    case 'serviceMap':
      return <MapPart {...props} />;
    case 'flows':
    case 'requests':
    case 'drops':
    case 'processes':
      return <RowsPart {...props} table={props.query.queryType} />;
    case 'table':
      return <TablePart {...props} />;
    default:
      return <SignalsPart {...props} />;
  }
}

const TABLES: Record<RecordTable, readonly RecordTable[]> = {
  flows: ['flows'],
  requests: ['requests'],
  drops: ['drops'],
  processes: ['processes'],
};

/** The records that a filter may speak of; absent where the query reads several tables. */
function tablesOf({ queryType, table }: GoldwireQuery): readonly RecordTable[] | undefined {
  if (queryType === 'table') {
    return TABLES[table ?? 'requests'];
  }
  return queryType && queryType in TABLES ? TABLES[queryType as RecordTable] : undefined;
}
