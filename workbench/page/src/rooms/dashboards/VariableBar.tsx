import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Combobox, InlineLabel, MultiCombobox, useStyles2 } from '@grafana/ui';
import { useId } from 'react';

import { ALL, type Variable } from '../../host/templateService';
import { useBench } from '../../shell/context';
import { withoutMixedAll } from './variables';

interface Props {
  variables: Variable[];
  onChoose(name: string, chosen: string[]): void;
}

/** The choices over a dashboard. */
export function VariableBar({ variables, onChoose }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.bar} role="toolbar" aria-label="Variables">
      {variables.map((variable) => (
        <VariablePicker
          key={variable.name}
          variable={variable}
          onChoose={(chosen) => onChoose(variable.name, chosen)}
        />
      ))}
    </div>
  );
}

function VariablePicker({ variable, onChoose }: { variable: Variable; onChoose(chosen: string[]): void }) {
  const styles = useStyles2(getStyles);
  const { sources } = useBench();
  const id = useId();
  const nameOf = (value: string) =>
    variable.type === 'datasource' ? (sources.all().find(({ uid }) => uid === value)?.name ?? value) : value;
  const all = variable.includeAll ? [{ label: 'All', value: ALL }] : [];
  const options = [...all, ...variable.options.map((value) => ({ label: nameOf(value), value }))];
  const common = { id, options, minWidth: 14, maxWidth: 40, width: 'auto' as const };
  return (
    <div className={styles.variable}>
      <InlineLabel htmlFor={id} width="auto">
        {variable.label}
      </InlineLabel>
      {variable.multi ? (
        <MultiCombobox
          {...common}
          value={variable.chosen}
          onChange={(chosen) =>
            onChoose(
              withoutMixedAll(
                variable.chosen,
                chosen.map(({ value }) => value)
              )
            )
          }
        />
      ) : (
        <Combobox {...common} value={variable.chosen[0] ?? null} onChange={({ value }) => onChoose([value])} />
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), flex: 1 }),
  variable: css({ display: 'flex', '& label': { marginRight: 0 } }),
});
