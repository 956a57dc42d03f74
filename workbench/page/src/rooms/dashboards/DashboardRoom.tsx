import { css } from '@emotion/css';
import type { AdHocVariableFilter, GrafanaTheme2 } from '@grafana/data';
import { Alert, LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import { useEffect, useMemo, useState } from 'react';

import { backendService, messageOf } from '../../host/backendService';
import type { IncludedDashboard } from '../../host/plugin';
import type { Variable } from '../../host/templateService';
import { type Clock, useClock } from '../../query/timeRange';
import { useBench } from '../../shell/context';
import { useLoaded } from '../../shell/useLoaded';
import { ClockControls } from '../ClockControls';
import { NoDataSource } from '../NoDataSource';
import { AdHocBar } from './AdHocBar';
import { DashboardGrid } from './DashboardGrid';
import type { Dashboard } from './model';
import { VariableBar } from './VariableBar';
import { type Choices, findVariables } from './variables';

/** One of the dashboards that the plugin brings along. */
export function DashboardRoom({ included }: { included: IncludedDashboard }) {
  const { sources } = useBench();
  const dashboard = useLoaded(() => backendService.get<Dashboard>(included.path), [included.path]);
  if (sources.all().length === 0) {
    return <NoDataSource />;
  }
  if (dashboard.error) {
    return <Alert title="The dashboard could not be loaded">{messageOf(dashboard.error)}</Alert>;
  }
  return dashboard.value ? (
    <OpenDashboard key={included.path} dashboard={dashboard.value} />
  ) : (
    <LoadingPlaceholder text="Loading…" />
  );
}

function OpenDashboard({ dashboard }: { dashboard: Dashboard }) {
  const styles = useStyles2(getStyles);
  const clock = useClock(dashboard.time.from, dashboard.time.to, dashboard.refresh ?? '');
  const [choices, setChoices] = useState<Choices>({});
  const [filters, setFilters] = useState<AdHocVariableFilter[]>([]);
  const { variables, error } = useVariables(dashboard, choices, clock);
  const chosen = useMemo(
    () => JSON.stringify(variables?.map(({ name, chosen: values }) => [name, values])),
    [variables]
  );
  const complete = useMemo(() => filters.filter(({ key, value }) => key && value), [filters]);
  return (
    <div className={styles.room}>
      <div className={styles.controls}>
        <VariableBar
          variables={variables ?? []}
          onChoose={(name, values) => setChoices((before) => ({ ...before, [name]: values }))}
        />
        <ClockControls clock={clock} />
      </div>
      <AdHoc dashboard={dashboard} variables={variables} clock={clock} filters={filters} onChange={setFilters} />
      {error !== undefined && <Alert title="Variables could not be read">{messageOf(error)}</Alert>}
      {variables && <DashboardGrid panels={dashboard.panels} clock={clock} choices={chosen} filters={complete} />}
    </div>
  );
}

interface AdHocProps {
  dashboard: Dashboard;
  /** Found, because the filters' data source may be one of them. */
  variables: Variable[] | undefined;
  clock: Clock;
  filters: AdHocVariableFilter[];
  onChange(filters: AdHocVariableFilter[]): void;
}

function AdHoc({ dashboard, variables, clock, filters, onChange }: AdHocProps) {
  const { sources } = useBench();
  const model = dashboard.templating.list.find(({ type }) => type === 'adhoc');
  const saved = variables && model && sources.find(model.datasource);
  return saved ? (
    <AdHocBar source={sources.instance(saved)} filters={filters} range={clock.range} onChange={onChange} />
  ) : null;
}

/** Variables are found anew when the window or an earlier choice changes; until then the last ones stand. */
function useVariables(dashboard: Dashboard, choices: Choices, clock: Clock) {
  const { sources, templates } = useBench();
  const [found, setFound] = useState<{ variables?: Variable[]; error?: unknown }>({});
  useEffect(() => {
    let current = true;
    findVariables(dashboard.templating.list, choices, { sources, templates, range: clock.range }).then(
      (variables) => current && setFound({ variables }),
      (error: unknown) => current && setFound(({ variables }) => ({ variables: variables ?? [], error }))
    );
    return () => {
      current = false;
    };
  }, [dashboard, choices, clock.range, sources, templates]);
  return found;
}

const getStyles = (theme: GrafanaTheme2) => ({
  room: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1.5), padding: theme.spacing(2) }),
  controls: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1) }),
});
