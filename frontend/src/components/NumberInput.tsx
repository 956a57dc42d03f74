import { Input } from '@grafana/ui';
import React, { ChangeEvent } from 'react';

interface NumberInputProps {
  id?: string;
  'aria-label'?: string;
  value: number | undefined;
  placeholder: string;
  min?: number;
  max?: number;
  onChange: (value: number | undefined) => void;
  onBlur?: () => void;
}

/** A whole number that may be left out. */
export function NumberInput({ value, onChange, min = 1, ...rest }: NumberInputProps) {
  const read = (event: ChangeEvent<HTMLInputElement>) => {
    const number = event.currentTarget.valueAsNumber;
    onChange(Number.isFinite(number) && number >= min ? Math.floor(number) : undefined);
  };
  return <Input {...rest} type="number" min={min} width={14} value={value ?? ''} onChange={read} />;
}
