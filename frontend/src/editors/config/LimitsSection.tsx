import { Field, FieldSet } from '@grafana/ui';
import React, { useMemo } from 'react';

import { filterFields } from '../../components/fieldOptions';
import { FilterProblem } from '../../components/FilterProblem';
import { FilterText } from '../../components/FilterText';
import { NumberInput } from '../../components/NumberInput';
import { useCatalogue } from '../../components/useCatalogue';
import { useFilterCheck } from '../../components/useFilterCheck';
import { resourcesOf } from '../../datasource/resourcesOf';
import { Settings } from './settings';

/** What every query of this data source is held to. */
export function LimitsSection({ uid, settings }: { uid: string; settings: Settings }) {
  const { options, set } = settings;
  return (
    <FieldSet label="Limits">
      <Field
        label="Timeout in seconds"
        description="A node that has not answered by then is left out of the answer, and the panel says so"
        htmlFor="goldwire-timeout"
      >
        <NumberInput
          id="goldwire-timeout"
          aria-label="Timeout in seconds"
          max={300}
          value={options.timeoutSeconds}
          placeholder="10"
          onChange={(timeoutSeconds) => set({ timeoutSeconds })}
        />
      </Field>
      <EnforcedFilter uid={uid} settings={settings} />
    </FieldSet>
  );
}

function EnforcedFilter({ uid, settings }: { uid: string; settings: Settings }) {
  const resources = useMemo(() => resourcesOf(uid), [uid]);
  const catalogue = useCatalogue(resources);
  const fields = useMemo(() => filterFields(catalogue.fields), [catalogue.fields]);
  const source = useMemo(() => ({ resources, fields, kind: catalogue.kind }), [resources, fields, catalogue.kind]);
  const text = settings.options.enforcedFilter ?? '';
  const checked = useFilterCheck(text, resources);
  const change = (filter: string) => settings.set({ enforcedFilter: filter || undefined });
  return (
    <>
      <Field
        noMargin
        label="Enforced filter"
        description="Holds for every query, whatever its own filter is: users of this data source see nothing else"
        htmlFor="goldwire-enforced-filter"
      >
        <FilterText
          id="goldwire-enforced-filter"
          name="Enforced filter"
          value={text}
          onChange={change}
          onDone={() => undefined}
          source={source}
          invalid={Boolean(checked?.problem)}
          placeholder='either.namespace = "shop"'
        />
      </Field>
      <FilterProblem checked={checked} written={text} onMend={change} />
    </>
  );
}
