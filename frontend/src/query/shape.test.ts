import { ExactValues } from '../filter/exact';
import { GoldwireQuery, QueryType } from './model';
import { QUERY_TYPES } from './queryTypes';
import { DEFAULT_QUERY, describe as describeQuery, isComplete, prune, settled, switchType, withDefaults } from './shape';

const TYPES = QUERY_TYPES.map(({ type }) => type);

describe('withDefaults', () => {
  it('makes a blank query the default one and keeps what Grafana put there', () => {
    const blank: GoldwireQuery = { refId: 'B', datasource: { uid: 'x' } };
    expect(withDefaults(blank)).toEqual({ ...DEFAULT_QUERY, refId: 'B', datasource: { uid: 'x' } });
  });

  it('leaves any other query alone', () => {
    const query: GoldwireQuery = { refId: 'A', queryType: 'flows' };
    expect(withDefaults(query)).toBe(query);
  });
});

describe('prune', () => {
  it('leaves out keys of other types and empty ones, and keeps those of Grafana', () => {
    const query: GoldwireQuery = {
      refId: 'A',
      hide: false,
      datasource: { uid: 'x' },
      queryType: 'signals',
      signals: ['request_rate'],
      groupBy: [],
      filter: '',
      live: true,
      columns: ['time'],
    };
    expect(prune(query)).toEqual({
      refId: 'A',
      hide: false,
      datasource: { uid: 'x' },
      queryType: 'signals',
      signals: ['request_rate'],
    });
  });
});

describe('settled', () => {
  it('leaves a query alone that says what it asks', () => {
    const query: GoldwireQuery = { refId: 'A', queryType: 'flows', filter: '', columns: [] };
    expect(settled(query)).toBe(query);
  });

  it('drops keys that an earlier type left behind', () => {
    const query: GoldwireQuery = { refId: 'A', queryType: 'signals', signals: ['request_rate'], live: true, as: 'logs' };
    expect(settled(query)).toEqual({ refId: 'A', queryType: 'signals', signals: ['request_rate'] });
  });

  it('makes the values of a link a part of the filter', () => {
    const query: GoldwireQuery = { refId: 'A', queryType: 'flows', where: { 'source.workload': 'a*', 'source.port': '7' } };
    const filter = 'source.workload = "a\\*" and source.port = 7';
    expect(settled(query)).toEqual({ refId: 'A', queryType: 'flows', filter });
    const where: ExactValues[] = [{ 'source.pid': 1 }, { 'destination.pid': 1 }];
    const either = { ...query, filter: 'rtt > 1s or rtt < 1ms', where };
    expect(settled(either).filter).toBe('(rtt > 1s or rtt < 1ms) and ((source.pid = 1) or (destination.pid = 1))');
  });

  it('leaves a query of a type alone that it does not know', () => {
    const query = { refId: 'A', queryType: 'nodes', columns: ['name'] } as unknown as GoldwireQuery;
    expect(settled(query)).toBe(query);
  });

  it('keeps values that cannot be written, for the backend to refuse', () => {
    const query: GoldwireQuery = { refId: 'A', queryType: 'flows', where: { 'source.port': 'web' } };
    expect(settled(query)).toBe(query);
  });
});

describe('switchType', () => {
  const pairs = TYPES.flatMap((from) => TYPES.map((to): [QueryType, QueryType] => [from, to]));

  it.each(pairs)('from %s to %s makes a query that can be asked, with its filter', (from, to) => {
    const query = switchType({ refId: 'A', queryType: from, ...startOf(from), filter: 'a = 1' }, to);
    expect(isComplete(query)).toBe(true);
    expect(query).toEqual(prune(query));
    expect(query.filter).toBe('a = 1');
    expect(query.queryType).toBe(to);
  });

  it('keeps the groups, except where they mean something else', () => {
    const signals: GoldwireQuery = { refId: 'A', queryType: 'signals', signals: ['rtt_p95'], groupBy: ['source.pod'] };
    expect(switchType(signals, 'table').groupBy).toEqual(['source.pod']);
    expect(switchType(signals, 'serviceMap').groupBy).toEqual(['workload']);
  });

  it('drops columns that the other table may not have', () => {
    const requests: GoldwireQuery = { refId: 'A', queryType: 'requests', columns: ['latency'], orderBy: ['latency'] };
    expect(switchType(requests, 'drops')).not.toHaveProperty('columns');
    expect(switchType(requests, 'drops')).not.toHaveProperty('orderBy');
  });
});

function startOf(type: QueryType) {
  return QUERY_TYPES.find((entry) => entry.type === type)?.initial;
}

it.each<[Partial<GoldwireQuery>, string]>([
  [
    {
      queryType: 'signals',
      signals: ['request_rate', 'error_ratio'],
      groupBy: ['destination.workload'],
      filter: 'a = 1',
    },
    'signals request_rate, error_ratio by destination.workload where a = 1',
  ],
  [{ queryType: 'heatmap', signal: 'latency_p95' }, 'heatmap latency_p95'],
  [{ queryType: 'flows', live: true }, 'flows (live)'],
  [{ queryType: 'processes', from: 0 }, 'processes (all of history)'],
  [
    { queryType: 'table', table: 'requests', aggregates: ['count()'], groupBy: ['url.path'] },
    'table of requests: count() by url.path',
  ],
])('describes %j', (query, text) => {
  expect(describeQuery({ refId: 'A', ...query })).toBe(text);
});

it('isComplete knows what is missing', () => {
  expect(isComplete({ refId: 'A' })).toBe(false);
  expect(isComplete({ refId: 'A', queryType: 'signals', signals: [] })).toBe(false);
  expect(isComplete({ refId: 'A', queryType: 'table', table: 'flows', groupBy: ['a'] })).toBe(false);
  expect(isComplete({ refId: 'A', queryType: 'values' })).toBe(false);
  expect(isComplete({ refId: 'A', queryType: 'serviceMap' })).toBe(true);
});
