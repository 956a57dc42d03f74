import { QueryEditorProps } from '@grafana/data';
import { Input, Stack } from '@grafana/ui';
import React, { useMemo } from 'react';

import { filterFields, toOptions } from '../components/fieldOptions';
import { FilterEditor } from '../components/FilterEditor';
import { Labelled } from '../components/Labelled';
import { NumberInput } from '../components/NumberInput';
import { PickOne } from '../components/Pickers';
import { useCatalogue } from '../components/useCatalogue';
import { GoldwireDataSource } from '../datasource/datasource';
import { hasValues } from '../filter/suggest';
import { GoldwireOptions, GoldwireQuery } from '../query/model';

type Props = QueryEditorProps<GoldwireDataSource, GoldwireQuery, GoldwireOptions>;

/** Where a variable's choices come from: the values of a field in the dashboard's time range. */
export function VariableEditor({ datasource, query, onChange, onRunQuery, range }: Props) {
  const catalogue = useCatalogue(datasource.resources);
  const window = useMemo(() => range && { from: range.from.valueOf(), to: range.to.valueOf() }, [range]);
  const options = useMemo(() => {
    return toOptions(filterFields(catalogue.fields).filter(({ kind }) => hasValues(kind)));
  }, [catalogue.fields]);
  const edit = (part: Partial<GoldwireQuery>) => {
    onChange({ ...query, refId: query?.refId ?? 'GoldwireVariable', queryType: 'values', ...part });
  };
  return (
    <Stack direction="column" gap={0.5}>
      <Stack direction="row" wrap="wrap" gap={0.5}>
        <PickOne
          label="Field"
          tooltip="Its values are the choices"
          placeholder="Choose a field"
          options={options}
          value={query?.field}
          onChange={(field) => {
            edit({ field });
            onRunQuery();
          }}
          open
        />
        <Labelled label="Prefix" tooltip="Only values that begin so">
          <Input
            width={20}
            value={query?.prefix ?? ''}
            onChange={(event) => edit({ prefix: event.currentTarget.value || undefined })}
            onBlur={onRunQuery}
          />
        </Labelled>
        <Labelled label="Limit" tooltip="At most this many values">
          <NumberInput
            value={query?.limit}
            placeholder="1000"
            onChange={(limit) => edit({ limit })}
            onBlur={onRunQuery}
          />
        </Labelled>
      </Stack>
      <FilterEditor
        value={query?.filter ?? ''}
        onChange={(filter) => edit({ filter: filter || undefined })}
        onDone={onRunQuery}
        resources={datasource.resources}
        catalogue={catalogue}
        interpolate={(filter) => datasource.interpolateFilter(filter)}
        window={window}
      />
    </Stack>
  );
}
