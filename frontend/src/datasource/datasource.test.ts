import { DataQueryRequest, DataSourceInstanceSettings, dateTime, LiveChannelScope } from '@grafana/data';
import { DataSourceWithBackend, setGrafanaLiveSrv, TemplateSrv } from '@grafana/runtime';
import { firstValueFrom, lastValueFrom, of, toArray } from 'rxjs';

import { GoldwireOptions, GoldwireQuery } from '../query/model';
import { GoldwireDataSource } from './datasource';
import { GoldwireVariables } from './variables';

const FIELDS = [
  { name: 'verdict', filterable: true },
  { name: 'time', filterable: false },
];
const RANGE = { from: dateTime(1000), to: dateTime(2000), raw: { from: 'now-1h', to: 'now' } };

function templateSrv(values: Record<string, string[]>): TemplateSrv {
  return {
    getVariables: () => [],
    replace: (text: string, _scoped: unknown, format: (value: unknown, variable: unknown) => string) => {
      const value = values[text.replace('$', '')];
      return value ? format(value, { multi: true }) : text;
    },
  } as unknown as TemplateSrv;
}

function datasource(values: Record<string, string[]> = {}) {
  const settings = { id: 1, uid: 'ds1', type: 'goldwire', name: 'Goldwire', meta: {}, jsonData: {} };
  const source = new GoldwireDataSource(
    settings as unknown as DataSourceInstanceSettings<GoldwireOptions>,
    templateSrv(values)
  );
  const post = jest.spyOn(source, 'postResource').mockResolvedValue({ values: ['a', 'b'] });
  jest.spyOn(source, 'getResource').mockResolvedValue(FIELDS);
  return { source, post };
}

function request(...targets: GoldwireQuery[]): DataQueryRequest<GoldwireQuery> {
  return { requestId: 'Q1', targets, range: RANGE, rangeRaw: RANGE.raw, scopedVars: {} } as never;
}

describe('queries', () => {
  afterEach(() => jest.restoreAllMocks());

  it('fill in variables and ad hoc filters', () => {
    const { source } = datasource({ workload: ['web', 'api'] });
    const query: GoldwireQuery = { refId: 'A', queryType: 'flows', filter: 'destination.workload = $workload' };
    const filters = [{ key: 'verdict', operator: '=', value: 'dropped' }];
    const filled = 'destination.workload in ("web", "api")';
    expect(source.applyTemplateVariables(query, {}, filters)).toMatchObject({
      filter: filled,
      adHoc: ['verdict = "dropped"'],
    });
    // Explore and alert rules have no dashboard, so that all is in the filter.
    expect(source.interpolateVariablesInQueries([query], {}, filters)[0]).toEqual({
      refId: 'A',
      queryType: 'flows',
      filter: `${filled} and verdict = "dropped"`,
      datasource: { type: 'goldwire', uid: 'ds1' },
    });
  });

  it('that are hidden or not finished are not run', () => {
    const { source } = datasource();
    expect(source.filterQuery({ refId: 'A', queryType: 'signals', signals: [] })).toBe(false);
    expect(source.filterQuery({ refId: 'A', queryType: 'flows', hide: true })).toBe(false);
    expect(source.filterQuery({ refId: 'A', queryType: 'flows' })).toBe(true);
    // A query that says nothing yet asks the default.
    expect(source.filterQuery({ refId: 'A' })).toBe(true);
  });

  it('that are live are streamed beside the others', async () => {
    const { source } = datasource();
    const backend = jest
      .spyOn(DataSourceWithBackend.prototype, 'query')
      .mockReturnValue(of({ data: ['ordinary'] }) as never);
    const getDataStream = jest.fn().mockReturnValue(of({ data: [{ length: 1 }] }));
    setGrafanaLiveSrv({ getDataStream } as never);
    const live: GoldwireQuery = { refId: 'A', queryType: 'flows', live: true, limit: 50 };
    const ordinary: GoldwireQuery = { refId: 'B', queryType: 'drops' };

    const answers = await lastValueFrom(source.query(request(live, ordinary)).pipe(toArray()));

    expect(answers).toEqual([{ data: ['ordinary'] }, { data: [{ length: 1, refId: 'A' }], key: 'A' }]);
    expect(backend.mock.calls[0][0].targets).toEqual([ordinary]);
    const { addr, buffer } = getDataStream.mock.calls[0][0];
    expect(addr).toMatchObject({
      scope: LiveChannelScope.DataSource,
      data: { queryType: 'flows', live: true, limit: 50 },
    });
    expect(buffer).toMatchObject({ maxLength: 50, maxDelta: 1000 });
  });
});

describe('variables', () => {
  it('have the values in the range, with their filter filled in', async () => {
    const { source, post } = datasource({ namespace: ['shop'] });
    const query = {
      refId: 'V',
      queryType: 'values',
      field: 'destination.workload',
      filter: 'destination.namespace = $namespace',
    };
    const answer = await firstValueFrom(new GoldwireVariables(source).query(request(query as GoldwireQuery)));
    expect(answer.data).toEqual([
      { text: 'a', value: 'a' },
      { text: 'b', value: 'b' },
    ]);
    expect(post.mock.calls[0].slice(0, 2)).toEqual([
      'values',
      {
        field: 'destination.workload',
        filter: 'destination.namespace = "shop"',
        prefix: '',
        limit: 1000,
        from: 1000,
        to: 2000,
      },
    ]);
  });

  it('narrow by what is typed into their drop-down', async () => {
    const { source, post } = datasource();
    const scopedVars = { __searchFilter: { text: 'we', value: 'we' } };
    await source.metricFindQuery({ refId: 'V', field: 'verdict' }, { range: RANGE, scopedVars });
    expect(post.mock.calls[0][1]).toMatchObject({ prefix: 'we' });
  });

  it('without a field have no values', async () => {
    const { source, post } = datasource();
    expect(await source.metricFindQuery({ refId: 'V' })).toEqual([]);
    expect(post).not.toHaveBeenCalled();
  });
});

describe('ad hoc filters', () => {
  it('offer the fields that can be filtered on', async () => {
    const { source, post } = datasource();
    post.mockImplementation(async (_path, body) => ({
      values: (body as { field: string }).field === 'source.labels.*' ? ['app'] : [],
    }));
    const names = ['verdict', 'source.labels.app', 'either.labels.app'];
    expect(await source.getTagKeys()).toEqual(names.map((name) => ({ text: name, value: name })));
  });

  it('offer values that the other filters leave', async () => {
    const { source, post } = datasource();
    const filters = [
      { key: 'verdict', operator: '=', value: 'x' },
      { key: 'destination.port', operator: '=|', value: '80', values: ['80', '443'] },
    ];
    await source.getTagValues({ key: 'verdict', filters, timeRange: RANGE });
    expect(post.mock.calls[0][1]).toMatchObject({
      field: 'verdict',
      adHoc: ['destination.port in (80, 443)'],
      from: 1000,
    });
  });
});
