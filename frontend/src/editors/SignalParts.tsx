import React, { useMemo } from 'react';

import { PickMany, PickOne } from '../components/Pickers';
import { heatmapOptions, signalOptions } from '../components/signalOptions';
import { PartProps } from './parts';
import { GroupBy, Limit, Step } from './SharedParts';

const WITH_ENDS = ['requests', 'flows', 'drops'] as const;

export function SignalsPart(props: PartProps) {
  const { query, catalogue, change } = props;
  const options = useMemo(() => signalOptions(catalogue.signals), [catalogue.signals]);
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
      <Limit
        {...props}
        placeholder="20"
        tooltip="This many groups with the largest values; the rest is one series, other"
      />
      <Step {...props} />
    </>
  );
}

export function HeatmapPart(props: PartProps) {
  const { query, catalogue, change } = props;
  const options = useMemo(() => heatmapOptions(catalogue.signals), [catalogue.signals]);
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
