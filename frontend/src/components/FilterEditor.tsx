import { InlineLabel, RadioButtonGroup, Stack, Text } from '@grafana/ui';
import React, { useMemo } from 'react';

import { RecordTable } from '../query/model';
import { Resources } from '../datasource/resources';
import { filterFields } from './fieldOptions';
import { FilterBuilder } from './FilterBuilder';
import { FilterProblem } from './FilterProblem';
import { FilterText } from './FilterText';
import { Catalogue } from './useCatalogue';
import { useFilterCheck } from './useFilterCheck';
import { FilterMode, useFilterModes } from './useFilterModes';
import { SuggestionSource, TimeWindow } from './useSuggestions';

const MODES: Array<{ value: FilterMode; label: string; ariaLabel: string }> = [
  { value: 'builder', label: 'Builder', ariaLabel: 'Filter builder' },
  { value: 'text', label: 'Text', ariaLabel: 'Filter text' },
];

interface FilterEditorProps {
  value: string;
  onChange: (filter: string) => void;
  /** The filter is as its author wants it for now. */
  onDone: () => void;
  resources: Resources;
  catalogue: Catalogue;
  /** Fills template variables in. */
  interpolate: (filter: string) => string;
  /** The records that the filter is about; all where absent. */
  tables?: readonly RecordTable[];
  window?: TimeWindow;
}

/** A filter, as rows or as text. */
export function FilterEditor(props: FilterEditorProps) {
  const { value, onChange, onDone, resources, catalogue, interpolate, tables, window } = props;
  const modes = useFilterModes(value, onChange, resources, catalogue.kind);
  const checked = useFilterCheck(interpolate(value), resources);
  const source: SuggestionSource = useMemo(
    () => ({ resources, kind: catalogue.kind, fields: filterFields(catalogue.fields, tables), window }),
    [resources, catalogue, tables, window]
  );
  return (
    <Stack direction="column" gap={0.5}>
      <Stack direction="row" gap={0.5} alignItems="flex-start">
        <InlineLabel
          width="auto"
          tooltip='Which records count, such as destination.workload = "web" and latency > 250ms'
        >
          Filter
        </InlineLabel>
        <RadioButtonGroup aria-label="Filter mode" options={MODES} value={modes.mode} onChange={modes.changeMode} />
        {modes.mode === 'text' ? (
          <FilterText
            value={value}
            onChange={modes.changeText}
            onDone={onDone}
            source={source}
            invalid={Boolean(checked?.problem)}
            placeholder='destination.workload = "web" and latency > 250ms'
          />
        ) : (
          <FilterBuilder
            conditions={modes.conditions}
            onChange={(conditions) => {
              modes.changeConditions(conditions);
              onDone();
            }}
            source={source}
            interpolate={interpolate}
          />
        )}
      </Stack>
      {modes.refusal && (
        <Text color="warning" variant="bodySmall">
          {modes.refusal}
        </Text>
      )}
      <FilterProblem
        checked={checked}
        written={value}
        onMend={(text) => {
          modes.changeText(text);
          onDone();
        }}
      />
    </Stack>
  );
}
