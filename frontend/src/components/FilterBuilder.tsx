import { Button, Stack } from '@grafana/ui';
import React, { useMemo } from 'react';

import { Condition } from '../filter/condition';
import { pickedValue } from '../filter/exact';
import { hasValues } from '../filter/suggest';
import { writeFilter } from '../filter/write';
import { ConditionRow, LoadValues } from './ConditionRow';
import { toOptions } from './fieldOptions';
import { replaceAt } from './replaceAt';
import { SuggestionSource } from './useSuggestions';

const LIMIT = 100;
const NEW_CONDITION: Condition = { field: '', operator: '=', values: [] };

interface FilterBuilderProps {
  conditions: Condition[];
  onChange: (conditions: Condition[]) => void;
  source: SuggestionSource;
  /** Fills template variables in, so that values can be narrowed by the other conditions. */
  interpolate: (filter: string) => string;
}

/** A filter as rows that must all hold. */
export function FilterBuilder({ conditions, onChange, source, interpolate }: FilterBuilderProps) {
  const fieldOptions = useMemo(() => toOptions(source.fields), [source.fields]);
  const replace = (index: number, ...by: Condition[]) => onChange(replaceAt(conditions, index, ...by));
  return (
    <Stack direction="column" gap={0.5} alignItems="flex-start">
      {conditions.map((condition, index) => (
        <LoadingRow
          key={index}
          number={index + 1}
          condition={condition}
          others={interpolate(writeFilter(replaceAt(conditions, index), source.kind))}
          source={source}
          fieldOptions={fieldOptions}
          onChange={(changed) => replace(index, changed)}
          onRemove={() => replace(index)}
        />
      ))}
      <Button
        variant="secondary"
        size="sm"
        icon="plus"
        onClick={() => onChange([...conditions, NEW_CONDITION])}
        aria-label="Add condition"
      >
        Add condition
      </Button>
    </Stack>
  );
}

interface LoadingRowProps {
  number: number;
  condition: Condition;
  /** The filter that the other rows make. */
  others: string;
  source: SuggestionSource;
  fieldOptions: ReturnType<typeof toOptions>;
  onChange: (condition: Condition) => void;
  onRemove: () => void;
}

function LoadingRow({ others, source, ...row }: LoadingRowProps) {
  const { field, operator } = row.condition;
  const { resources, kind } = source;
  const { from, to } = source.window ?? {};
  const loadValues: LoadValues = useMemo(() => {
    return async (typed) => {
      if (!field || !hasValues(kind(field))) {
        return [];
      }
      const values = await resources.values({ field, prefix: typed, limit: LIMIT, filter: others, from, to });
      return values.map((value) => ({ value: pickedValue(value, operator, kind(field)), label: value }));
    };
  }, [field, operator, others, resources, kind, from, to]);
  return <ConditionRow {...row} kind={kind(field)} loadValues={loadValues} />;
}
