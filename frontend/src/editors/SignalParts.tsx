import { ComboboxOption } from '@grafana/ui';
import React, { useMemo } from 'react';

import { PickMany, PickOne } from '../components/Pickers';
import { SignalEntry } from '../datasource/resources';
import { PartProps } from './parts';
import { GroupBy, Limit, Step } from './SharedParts';

const SUBJECTS: Record<string, string> = {
  requests: 'Requests',
  flows: 'Connections',
  drops: 'Drops',
  saturation: 'Saturation',
};
const WITH_ENDS = ['requests', 'flows', 'drops'] as const;

export function SignalsPart(props: PartProps) {
  const { query, catalogue, change } = props;
  const options = useMemo(() => catalogue.signals.map(toOption), [catalogue.signals]);
  return (
    <>
      <PickMany
        label="Signals"
        placeholder="Choose signals"
        options={options}
        value={query.signals}
        onChange={(signals) => change({ signals })}
        open
      />
      <GroupBy {...props} tables={WITH_ENDS} />
      <Limit {...props} placeholder="20" tooltip="This many groups with the largest values; the rest is one series, other" />
      <Step {...props} />
    </>
  );
}

export function HeatmapPart(props: PartProps) {
  const { query, catalogue, change } = props;
  const options = useMemo(() => catalogue.signals.filter(({ heatmap }) => heatmap).map(toOption), [catalogue.signals]);
  return (
    <>
      <PickOne
        label="Signal"
        tooltip="Whose values are spread: a latency or a size"
        options={options}
        value={query.signal}
        onChange={(signal) => change({ signal })}
        open
      />
      <Step {...props} />
    </>
  );
}

function toOption({ name, title, table, description }: SignalEntry): ComboboxOption<string> {
  const group = name.startsWith('dns_') ? 'DNS' : (SUBJECTS[table] ?? table);
  return { value: name, label: name, description: describeSignal(title, description), group };
}

function describeSignal(title: string, description: string): string {
  return title && title !== description ? [title, description].filter(Boolean).join(': ') : description;
}
