import { Combobox, ComboboxOption, MultiCombobox } from '@grafana/ui';
import React from 'react';

import { Labelled } from './Labelled';

interface PickManyProps {
  label: string;
  tooltip?: string;
  placeholder?: string;
  options: Array<ComboboxOption<string>>;
  value: string[] | undefined;
  onChange: (value: string[]) => void;
  /** Names beside those offered may be typed: variables, labels. */
  open?: boolean;
}

/** Widths in Grafana's units of 8 pixels. */
const LEAST = 28;
const MOST = 80;

/** Room for all that is picked, as far as it goes: Grafana folds what does not fit. */
function widthOf(picked: readonly string[]): number {
  const frame = 96;
  const pills = picked.reduce((pixels, text) => pixels + text.length * 7.5 + 52, 0);
  return Math.min(MOST, Math.max(LEAST, Math.ceil((frame + pills) / 8)));
}

/** Several of many. */
export function PickMany({ label, tooltip, placeholder, options, value, onChange, open }: PickManyProps) {
  return (
    <Labelled label={label} tooltip={tooltip}>
      <MultiCombobox
        options={options}
        value={(value ?? []).map((one) => options.find((option) => option.value === one) ?? { value: one, label: one })}
        onChange={(picked) => onChange(picked.map((option) => option.value))}
        placeholder={placeholder}
        createCustomValue={open}
        isClearable
        width="auto"
        minWidth={widthOf(value ?? [])}
        maxWidth={MOST}
      />
    </Labelled>
  );
}

interface PickOneProps<T extends string> {
  label: string;
  tooltip?: string;
  placeholder?: string;
  options: Array<ComboboxOption<T>>;
  value: T | undefined;
  onChange: (value: T) => void;
  open?: boolean;
}

/** One of many. */
export function PickOne<T extends string>({ label, tooltip, open, value, onChange, ...rest }: PickOneProps<T>) {
  return (
    <Labelled label={label} tooltip={tooltip}>
      <Combobox
        {...rest}
        value={value ?? null}
        onChange={(option) => onChange(option.value)}
        createCustomValue={open}
        width="auto"
        minWidth={32}
        maxWidth={48}
      />
    </Labelled>
  );
}
