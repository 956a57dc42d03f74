import { css } from '@emotion/css';
import type { AdHocVariableFilter, DataSourceApi, GrafanaTheme2, TimeRange } from '@grafana/data';
import { Button, Combobox, IconButton, useStyles2 } from '@grafana/ui';
import { useCallback } from 'react';

import { Named } from '../../shell/Named';

const OPERATORS = ['=', '!=', '=~', '!~', '<', '>'].map((operator) => ({ label: operator, value: operator }));

interface Props {
  source: DataSourceApi;
  filters: AdHocVariableFilter[];
  range: TimeRange;
  onChange(filters: AdHocVariableFilter[]): void;
}

/** A dashboard's ad hoc filters, with keys and values from the plugin. */
export function AdHocBar({ source, filters, range, onChange }: Props) {
  const styles = useStyles2(getStyles);
  const replace = (index: number, filter: AdHocVariableFilter) => onChange(filters.with(index, filter));
  return (
    <div className={styles.bar} role="group" aria-label="Ad hoc filters">
      {filters.map((filter, index) => (
        <Filter
          key={index}
          source={source}
          filter={filter}
          others={filters.toSpliced(index, 1)}
          range={range}
          onChange={(changed) => replace(index, changed)}
          onRemove={() => onChange(filters.toSpliced(index, 1))}
        />
      ))}
      <Button
        variant="secondary"
        icon="filter"
        fill="outline"
        onClick={() => onChange([...filters, { key: '', operator: '=', value: '' }])}
      >
        Add filter
      </Button>
    </div>
  );
}

interface FilterProps {
  source: DataSourceApi;
  filter: AdHocVariableFilter;
  others: AdHocVariableFilter[];
  range: TimeRange;
  onChange(filter: AdHocVariableFilter): void;
  onRemove(): void;
}

function Filter({ source, filter, others, range, onChange, onRemove }: FilterProps) {
  const styles = useStyles2(getStyles);
  const keys = useCallback(
    async (typed: string) => toOptions(await source.getTagKeys?.({ filters: others, timeRange: range }), typed),
    [source, others, range]
  );
  const values = useCallback(
    async (typed: string) =>
      toOptions(await source.getTagValues?.({ key: filter.key, filters: others, timeRange: range }), typed),
    [source, filter.key, others, range]
  );
  return (
    <div className={styles.filter}>
      <Named name="Filter key">
        {(label) => (
          <Combobox
            aria-labelledby={label}
            width={24}
            placeholder="Key"
            options={keys}
            value={filter.key || null}
            onChange={({ value }) => onChange({ ...filter, key: value, value: '' })}
          />
        )}
      </Named>
      <Named name="Filter operator">
        {(label) => (
          <Combobox
            aria-labelledby={label}
            width={8}
            options={OPERATORS}
            value={filter.operator}
            onChange={({ value }) => onChange({ ...filter, operator: value })}
          />
        )}
      </Named>
      <Named name="Filter value">
        {(label) => (
          <Combobox
            key={filter.key}
            aria-labelledby={label}
            width={24}
            placeholder="Value"
            createCustomValue
            options={values}
            value={filter.value || null}
            onChange={({ value }) => onChange({ ...filter, value })}
          />
        )}
      </Named>
      <IconButton name="times" aria-label="Remove filter" onClick={onRemove} />
    </div>
  );
}

function toOptions(found: Awaited<ReturnType<NonNullable<DataSourceApi['getTagKeys']>>> | undefined, typed: string) {
  const list = Array.isArray(found) ? found : (found?.data ?? []);
  const texts = list.map(({ text }) => text).filter((text) => text.includes(typed));
  return texts.map((text) => ({ label: text, value: text }));
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1) }),
  filter: css({ display: 'flex', alignItems: 'center' }),
});
