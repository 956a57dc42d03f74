import { css } from '@emotion/css';
import {
  CoreApp,
  type DataFrame,
  type DataQuery,
  type DataSourceApi,
  type GrafanaTheme2,
  LoadingState,
  type PanelData,
} from '@grafana/data';
import { Alert, Button, Combobox, useStyles2 } from '@grafana/ui';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import { NO_FIELD_CONFIG } from '../panels/panelProps';
import { typeFor } from '../panels/kinds';
import { PanelFrame } from '../panels/PanelFrame';
import type { Question } from '../query/runQueries';
import { between, type Clock, useClock } from '../query/timeRange';
import { usePanelData } from '../query/usePanelData';
import { useBench } from '../shell/context';
import { Named } from '../shell/Named';
import { useWidth } from '../shell/useWidth';
import { ClockControls } from './ClockControls';
import { exploreStateOf, keepExploreState } from './exploreState';
import { NoDataSource } from './NoDataSource';
import { QueryRow } from './QueryRow';

const TITLES: Record<string, string> = {
  timeseries: 'Graph',
  table: 'Table',
  nodeGraph: 'Node graph',
  logs: 'Logs',
  traces: 'Trace',
  heatmap: 'Heatmap',
};
const HEIGHTS: Record<string, number> = { timeseries: 380, nodeGraph: 560, heatmap: 380, table: 440 };
const OTHER_HEIGHT = 480;

/** One query by hand, and its answer in whatever form it asks for. */
export function ExploreRoom() {
  const { sources, templates } = useBench();
  const [uid, setUid] = useState(() => sources.find(exploreStateOf().datasource)?.uid);
  // Another data source is asked the same over the same range: the address has both.
  const start = useMemo(exploreStateOf, [uid]);
  const saved = sources.all().find((source) => source.uid === uid);
  // Explore has no dashboard, so it has no variables.
  useEffect(() => templates.use([]), [templates]);
  if (!saved) {
    return <NoDataSource />;
  }
  const choices = sources.all().map(({ name, uid: value }) => ({ label: name, value }));
  const picker = (
    <Named name="Data source">
      {(label) => (
        <Combobox
          aria-labelledby={label}
          width={28}
          options={choices}
          value={uid}
          onChange={({ value }) => setUid(value)}
        />
      )}
    </Named>
  );
  return <Explore key={uid} source={sources.instance(saved)} start={start} picker={picker} />;
}

interface ExploreProps {
  source: DataSourceApi;
  start: ReturnType<typeof exploreStateOf>;
  picker: React.ReactNode;
}

function Explore({ source, start, picker }: ExploreProps) {
  const styles = useStyles2(getStyles);
  const clock = useClock(start.range.from, start.range.to, '');
  const [query, setQuery] = useState<DataQuery>(() => ({
    ...source.getDefaultQuery?.(CoreApp.Explore),
    ...start.queries[0],
    refId: 'A',
    datasource: source.getRef(),
  }));
  const [content, width] = useWidth<HTMLDivElement>();
  const { data, run } = useAnswer(source, query, clock, width);
  return (
    <div className={styles.room}>
      <div className={styles.bar}>
        {picker}
        <div className={styles.grow} />
        <ClockControls clock={clock} isLoading={data?.state === LoadingState.Loading} />
        <Button icon="sync" onClick={run}>
          Run query
        </Button>
      </div>
      <QueryRow source={source} query={query} data={data} range={clock.range} onChange={setQuery} onRunQuery={run} />
      <div ref={content} className={styles.answers}>
        {data?.errors?.map(({ message }, index) => (
          <Alert key={index} title="Query error" severity="error">
            {message}
          </Alert>
        ))}
        {data && width > 0 && <Answers data={data} width={width} clock={clock} />}
      </div>
    </div>
  );
}

/** Editors change the query first and ask to run it in the same breath, so the newest one is kept at hand. */
function useAnswer(source: DataSourceApi, query: DataQuery, clock: Clock, width: number) {
  const newest = useRef(query);
  newest.current = query;
  const [question, setQuestion] = useState<Question>();
  const run = useCallback(() => {
    // After the editor's change has been drawn, which is when `newest` holds it.
    window.setTimeout(() => {
      const targets = [newest.current];
      keepExploreState({ datasource: source.uid, queries: targets, range: clock.range });
      setQuestion({ source, targets, range: clock.range, maxDataPoints: Math.max(width, 100), app: CoreApp.Explore });
    });
  }, [source, clock.range, width]);
  const ready = width > 0;
  useEffect(() => {
    if (ready) {
      run();
    }
  }, [clock.range, ready]);
  return { data: usePanelData(question), run };
}

/** One panel for each form that the answer's frames ask for. */
function Answers({ data, width, clock }: { data: PanelData; width: number; clock: Clock }) {
  const byType = useMemo(() => Map.groupBy(data.series, typeFor), [data.series]);
  // An error is told above; without one, an answer without frames is "No data".
  const none: Array<[string, DataFrame[]]> = data.error ? [] : [['table', []]];
  const forms = byType.size > 0 ? [...byType] : none;
  const zoom = (from: number, to: number) => clock.setRange(between(from, to).raw);
  return forms.map(([type, series]) => (
    <PanelFrame
      key={type}
      type={type}
      title={TITLES[type] ?? type}
      data={{ ...data, series }}
      fieldConfig={type === 'timeseries' ? SERIES_CONFIG : NO_FIELD_CONFIG}
      options={{}}
      width={width}
      height={HEIGHTS[type] ?? OTHER_HEIGHT}
      onChangeTimeRange={zoom}
    />
  ));
}

/** How Explore draws lines. */
const SERIES_CONFIG = {
  defaults: {
    color: { mode: 'palette-classic' },
    custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 8, showPoints: 'auto', axisSoftMin: 0 },
  },
  overrides: [],
};

const getStyles = (theme: GrafanaTheme2) => ({
  room: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(2), padding: theme.spacing(2) }),
  bar: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1) }),
  grow: css({ flex: 1 }),
  answers: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(2) }),
});
