import {
  AdHocVariableFilter,
  AnnotationSupport,
  CoreApp,
  DataQueryRequest,
  DataQueryResponse,
  DataSourceGetTagKeysOptions,
  DataSourceGetTagValuesOptions,
  DataSourceInstanceSettings,
  LegacyMetricFindQueryOptions,
  MetricFindValue,
  QueryFixAction,
  QueryFixType,
  ScopedVars,
} from '@grafana/data';
import { DataSourceWithBackend, getTemplateSrv, TemplateSrv } from '@grafana/runtime';
import { map, merge, Observable } from 'rxjs';

import { filterFields } from '../components/fieldOptions';
import { adHocConditions, allOf } from '../filter/adHoc';
import { interpolateFilter } from '../filter/interpolate';
import { Resolve, resolver } from '../filter/variables';
import { GoldwireOptions, GoldwireQuery } from '../query/model';
import { DEFAULT_QUERY, describe, isComplete } from '../query/shape';
import { interpolateQuery } from './interpolateQuery';
import { modifyQuery, MODIFICATIONS } from './modifyQuery';
import { withLinkRange } from './linkRange';
import { isLive, stream } from './live';
import { Resources } from './resources';
import { valuesRequest } from './valuesOf';
import { GoldwireVariables } from './variables';

const TAG_VALUES = 200;

/** Goldwire as Grafana's panels, dashboards and alert rules see it. All answers come from the backend. */
export class GoldwireDataSource extends DataSourceWithBackend<GoldwireQuery, GoldwireOptions> {
  readonly resources: Resources;
  /** By default a process that began or ended is what one wants to see beside a change in a panel. */
  annotations: AnnotationSupport<GoldwireQuery> = {
    getDefaultQuery: () => ({ queryType: 'processes', limit: 100 }),
  };

  constructor(
    settings: DataSourceInstanceSettings<GoldwireOptions>,
    private readonly templateSrv: TemplateSrv = getTemplateSrv()
  ) {
    super(settings);
    this.resources = new Resources({
      get: (path, options) => this.getResource(path, undefined, options),
      post: (path, body, options) => this.postResource(path, body, options),
    });
    this.variables = new GoldwireVariables(this);
  }

  getDefaultQuery(_app: CoreApp): Partial<GoldwireQuery> {
    return DEFAULT_QUERY;
  }

  getQueryDisplayText(query: GoldwireQuery): string {
    return describe(query);
  }

  filterQuery(query: GoldwireQuery): boolean {
    return !query.hide && (query.queryType === undefined || isComplete(query));
  }

  applyTemplateVariables(query: GoldwireQuery, scopedVars: ScopedVars, filters?: AdHocVariableFilter[]): GoldwireQuery {
    return interpolateQuery(query, this.resolve(scopedVars), filters);
  }

  /** For Explore and for a new alert rule, which have no dashboard to look variables up in. */
  interpolateVariablesInQueries(
    queries: GoldwireQuery[],
    scopedVars: ScopedVars,
    filters?: AdHocVariableFilter[]
  ): GoldwireQuery[] {
    const datasource = this.getRef();
    return queries.map((query) => {
      // What was a dashboard's becomes the query's own, for its new reader to see and to change.
      const { adHoc, ...filled } = this.applyTemplateVariables(query, scopedVars, filters);
      const filter = allOf(filled.filter ?? '', adHoc ?? []);
      return { ...filled, ...(filter ? { filter } : {}), datasource };
    });
  }

  query(request: DataQueryRequest<GoldwireQuery>): Observable<DataQueryResponse> {
    const live = request.targets.filter((query) => isLive(query, request));
    if (live.length === 0) {
      return this.answer(request);
    }
    const ordinary = request.targets.filter((query) => !live.includes(query));
    const streams = live.map((query) => {
      return stream(this.applyTemplateVariables(query, request.scopedVars, request.filters), this.uid, request);
    });
    return ordinary.length > 0 ? merge(this.answer({ ...request, targets: ordinary }), ...streams) : merge(...streams);
  }

  private answer(request: DataQueryRequest<GoldwireQuery>): Observable<DataQueryResponse> {
    return super.query(request).pipe(map((response) => withLinkRange(response, request.range)));
  }

  async metricFindQuery(query: GoldwireQuery, options: LegacyMetricFindQueryOptions = {}): Promise<MetricFindValue[]> {
    if (!query?.field) {
      return [];
    }
    const scopedVars = options.scopedVars ?? {};
    const values = await this.resources.values(
      valuesRequest(query, this.resolve(scopedVars), options.range, scopedVars)
    );
    return values.map((text) => ({ text, value: text }));
  }

  async getTagKeys(_options?: DataSourceGetTagKeysOptions<GoldwireQuery>): Promise<MetricFindValue[]> {
    const [fields, labels] = await Promise.all([this.resources.fields(), this.resources.labels()]);
    return filterFields([...fields, ...labels]).map(({ name }) => ({ text: name, value: name }));
  }

  async getTagValues(options: DataSourceGetTagValuesOptions<GoldwireQuery>): Promise<MetricFindValue[]> {
    const others = options.filters?.filter((filter) => filter.key !== options.key);
    const query = { field: options.key, adHoc: adHocConditions(others), limit: TAG_VALUES };
    const values = await this.resources.values(valuesRequest(query, this.resolve({}), options.timeRange));
    return values.map((text) => ({ text, value: text }));
  }

  /** A click on a value in Explore, to filter for it or to filter it out. */
  modifyQuery(query: GoldwireQuery, action: QueryFixAction): GoldwireQuery {
    return modifyQuery(query, action);
  }

  getSupportedQueryModifications(): Array<QueryFixType | string> {
    return [...MODIFICATIONS];
  }

  /** A filter with the dashboard's variables in it, as the nodes would read it. */
  interpolateFilter(filter: string, scopedVars: ScopedVars = {}): string {
    return interpolateFilter(filter, this.resolve(scopedVars));
  }

  private resolve(scopedVars: ScopedVars): Resolve {
    return resolver(this.templateSrv, scopedVars);
  }
}
