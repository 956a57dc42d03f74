import { Combobox, Field, FieldSet } from '@grafana/ui';
import { getDataSourceSrv } from '@grafana/runtime';
import React, { useMemo } from 'react';

import { Settings } from './settings';

/** Where the links behind trace ids lead. */
export function TracesSection({ options, set }: Settings) {
  const choices = useMemo(
    () =>
      getDataSourceSrv()
        .getList({ tracing: true })
        .map(({ uid, name, meta }) => ({ value: uid, label: name, description: meta.name })),
    []
  );
  return (
    <FieldSet label="Traces">
      <Field
        label="Trace data source"
        description="Trace ids in requests link to this data source; without one, to the exchanges that Goldwire saw of the trace"
        htmlFor="goldwire-traces"
      >
        <Combobox
          id="goldwire-traces"
          options={choices}
          value={options.traceDatasourceUid ?? null}
          onChange={(choice) => set({ traceDatasourceUid: choice?.value })}
          isClearable
          width={40}
          placeholder="Goldwire itself"
        />
      </Field>
    </FieldSet>
  );
}
