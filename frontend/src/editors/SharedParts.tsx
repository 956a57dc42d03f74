import { ComboboxOption, Input } from '@grafana/ui';
import React, { useMemo } from 'react';

import { toOptions, groupFields } from '../components/fieldOptions';
import { Labelled } from '../components/Labelled';
import { NumberInput } from '../components/NumberInput';
import { PickMany } from '../components/Pickers';
import { RecordTable } from '../query/model';
import { readOrder, writeOrder } from '../query/order';
import { stepProblem } from '../query/step';
import { PartProps } from './parts';

export function GroupBy({ query, catalogue, change, tables }: PartProps & { tables?: readonly RecordTable[] }) {
  const options = useMemo(() => toOptions(groupFields(catalogue.fields, tables)), [catalogue.fields, tables]);
  return (
    <PickMany
      label="Group by"
      tooltip="One group for each combination of these fields' values"
      placeholder="Everything together"
      options={options}
      value={query.groupBy}
      onChange={(groupBy) => change({ groupBy })}
      open
    />
  );
}

interface LimitProps extends PartProps {
  tooltip: string;
  placeholder: string;
}

export function Limit({ query, edit, run, tooltip, placeholder }: LimitProps) {
  return (
    <Labelled label="Limit" tooltip={tooltip}>
      <NumberInput value={query.limit} placeholder={placeholder} onChange={(limit) => edit({ limit })} onBlur={run} />
    </Labelled>
  );
}

export function Step({ query, edit, run }: PartProps) {
  return (
    <Labelled
      label="Step"
      tooltip="Time that one point stands for, such as 10s. Left empty, it follows the panel's width and time range."
      error={stepProblem(query.step)}
    >
      <Input
        width={12}
        placeholder="auto"
        value={query.step ?? ''}
        onChange={(event) => edit({ step: event.currentTarget.value.trim() || undefined })}
        onBlur={run}
      />
    </Labelled>
  );
}

/** Each column once upwards and once downwards. */
export function OrderBy({ query, change, columns }: PartProps & { columns: readonly string[] }) {
  const options = useMemo(() => columns.flatMap(bothWays), [columns]);
  return (
    <PickMany
      label="Order by"
      placeholder="As they come"
      options={options}
      value={query.orderBy}
      onChange={(orderBy) => change({ orderBy: orderBy.filter(isLastOfColumn) })}
    />
  );
}

function bothWays(column: string): Array<ComboboxOption<string>> {
  return [true, false].map((descending) => ({
    value: writeOrder({ column, descending }),
    label: descending ? `${column} ↓` : `${column} ↑`,
    description: descending ? 'Largest or newest first' : 'Smallest or oldest first',
  }));
}

/** Picking a column's other direction takes the place of the first. */
function isLastOfColumn(order: string, index: number, all: string[]): boolean {
  return !all.slice(index + 1).some((later) => readOrder(later).column === readOrder(order).column);
}
