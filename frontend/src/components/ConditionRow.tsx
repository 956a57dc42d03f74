import { Combobox, ComboboxOption, IconButton, MultiCombobox, Stack } from '@grafana/ui';
import React from 'react';

import { Condition, FieldKind, OPERATORS, operatorsOf, takesMany } from '../filter/condition';
import { carriedValue, plainValue } from '../filter/exact';
import { Named } from './Labelled';

export type LoadValues = (typed: string) => Promise<Array<ComboboxOption<string>>>;

interface ConditionRowProps {
  /** From 1. */
  number: number;
  condition: Condition;
  kind: FieldKind;
  fieldOptions: Array<ComboboxOption<string>>;
  loadValues: LoadValues;
  onChange: (condition: Condition) => void;
  onRemove: () => void;
}

/** One comparison of the builder. */
export function ConditionRow(props: ConditionRowProps) {
  const { number, condition, kind, fieldOptions, onChange, onRemove } = props;
  const changeOperator = (operator: Condition['operator']) => {
    const values = takesMany(operator) ? condition.values : condition.values.slice(0, 1);
    const carried = values.map((value) => carriedValue(value, condition.operator, operator, kind));
    onChange({ ...condition, operator, values: carried });
  };
  return (
    <Stack direction="row" gap={0.5} alignItems="flex-start">
      <Named name={`Condition ${number} field`}>
        <Combobox
          options={fieldOptions}
          value={condition.field || null}
          onChange={({ value }) => onChange({ ...condition, field: value, values: [] })}
          placeholder="Field"
          createCustomValue
          width="auto"
          minWidth={24}
          maxWidth={48}
        />
      </Named>
      <Named name={`Condition ${number} operator`}>
        <Combobox
          options={operatorOptions(kind, condition.operator)}
          value={condition.operator}
          onChange={({ value }) => changeOperator(value)}
          width={14}
        />
      </Named>
      <Values {...props} />
      <IconButton name="times" size="lg" aria-label={`Remove condition ${number}`} onClick={onRemove} />
    </Stack>
  );
}

function Values({ number, condition, kind, loadValues, onChange }: ConditionRowProps) {
  const toOption = (value: string) => ({ value, label: plainValue(value, condition.operator, kind) ?? value });
  const shared = {
    options: loadValues,
    createCustomValue: true,
    placeholder: 'Value',
    width: 'auto',
    minWidth: 24,
  } as const;
  const name = `Condition ${number} value`;
  // Another field has other values: the list must not keep those of the one before.
  const key = `${condition.field} ${condition.operator}`;
  if (takesMany(condition.operator)) {
    return (
      <Named name={name} key={key}>
        <MultiCombobox
          {...shared}
          maxWidth={80}
          value={condition.values.map(toOption)}
          onChange={(options) => onChange({ ...condition, values: options.map(({ value }) => value) })}
        />
      </Named>
    );
  }
  const [value] = condition.values;
  return (
    <Named name={name} key={key}>
      <Combobox
        {...shared}
        maxWidth={80}
        value={value ? toOption(value) : null}
        onChange={(option) => onChange({ ...condition, values: [option.value] })}
      />
    </Named>
  );
}

/** The operators that fit, and the one that is there even if it does not. */
function operatorOptions(kind: FieldKind, present: Condition['operator']) {
  return OPERATORS.filter(({ value }) => value === present || operatorsOf(kind).includes(value));
}
