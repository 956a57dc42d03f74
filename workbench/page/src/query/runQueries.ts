import {
  type AdHocVariableFilter,
  CoreApp,
  type DataFrame,
  type DataQuery,
  type DataQueryError,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  LoadingState,
  type PanelData,
  rangeUtil,
  type TimeRange,
  toDataFrame,
} from '@grafana/data';
import { catchError, defer, from, map, type Observable, of, scan, startWith } from 'rxjs';

/** What a panel asks. */
export interface Question {
  source: DataSourceApi;
  targets: DataQuery[];
  range: TimeRange;
  /** How many points the panel can show: its width. */
  maxDataPoints: number;
  app: CoreApp;
  panelType?: string;
  filters?: AdHocVariableFilter[];
}

let requests = 0;

/** Asks as Grafana's panels do: answers of several parts, and streams, are put together by their keys. */
export function runQueries(question: Question): Observable<PanelData> {
  const request = toRequest(question);
  const base: PanelData = { state: LoadingState.Loading, series: [], timeRange: question.range, request };
  const answers = defer(() => from(question.source.query(request)));
  return answers.pipe(
    scan((parts, answer) => new Map(parts).set(answer.key ?? 'A', answer), new Map<string, DataQueryResponse>()),
    map((parts) => join(base, [...parts.values()])),
    catchError((error) => of(failed(base, error))),
    startWith(base)
  );
}

function toRequest({ source, targets, range, maxDataPoints, app, panelType, filters }: Question): DataQueryRequest {
  const { interval, intervalMs } = rangeUtil.calculateInterval(range, maxDataPoints, '1s');
  const scopedVars = {
    __interval: { text: interval, value: interval },
    __interval_ms: { text: String(intervalMs), value: intervalMs },
  };
  const datasource = source.getRef();
  return {
    requestId: `Q${(requests += 1)}`,
    app,
    panelPluginId: panelType,
    timezone: 'browser',
    range,
    rangeRaw: range.raw,
    interval,
    intervalMs,
    maxDataPoints,
    scopedVars,
    filters,
    startTime: Date.now(),
    targets: targets
      .filter((query) => source.filterQuery?.(query) ?? !query.hide)
      .map((query) => ({ ...query, datasource })),
  };
}

function join(base: PanelData, parts: DataQueryResponse[]): PanelData {
  const frames: DataFrame[] = parts.flatMap(({ data }) => data.map((frame) => toDataFrame(frame)));
  const errors = parts.flatMap(({ error, errors: several }) => several ?? (error ? [error] : []));
  const isAnnotation = (frame: DataFrame) => frame.meta?.dataTopic === 'annotations';
  return {
    ...base,
    state: stateOf(parts, errors),
    series: frames.filter((frame) => !isAnnotation(frame)),
    annotations: frames.filter(isAnnotation),
    error: errors[0],
    errors: errors.length > 0 ? errors : undefined,
  };
}

function stateOf(parts: DataQueryResponse[], errors: DataQueryError[]): LoadingState {
  const states = parts.map(({ state }) => state ?? LoadingState.Done);
  if (errors.length > 0 || states.includes(LoadingState.Error)) {
    return LoadingState.Error;
  }
  const moving = [LoadingState.Streaming, LoadingState.Loading].find((state) => states.includes(state));
  return moving ?? LoadingState.Done;
}

function failed(base: PanelData, cause: unknown): PanelData {
  const message = cause instanceof Error ? cause.message : JSON.stringify(cause);
  const error: DataQueryError = { message };
  return { ...base, state: LoadingState.Error, error, errors: [error] };
}
