import { Resolve } from '../filter/variables';
import { GoldwireQuery } from '../query/model';
import { interpolateQuery } from './interpolateQuery';

const resolve: Resolve = (reference) => {
  switch (reference) {
    case '$workload':
      return { kind: 'values', values: ['web', 'api'], exact: true };
    case '$by':
      return { kind: 'values', values: ['source.pod', 'source.node'], exact: true };
    case '$signal':
      return { kind: 'values', values: ['latency_p99'], exact: true };
    case '$all':
      return { kind: 'all' };
    default:
      return { kind: 'verbatim', text: reference === '$__interval' ? '30s' : reference };
  }
};
const query = (part: Partial<GoldwireQuery>): GoldwireQuery => ({ refId: 'A', queryType: 'signals', ...part });

describe('interpolateQuery', () => {
  it('fills variables into the filter and has the ad hoc filters beside it', () => {
    const adHoc = [{ key: 'verdict', operator: '=', value: 'dropped' }];
    const filled = interpolateQuery(query({ filter: 'destination.workload = $workload' }), resolve, adHoc);
    expect(filled.filter).toBe('destination.workload in ("web", "api")');
    expect(filled.adHoc).toEqual(['verdict = "dropped"']);
  });

  it('turns a variable in a list into its values', () => {
    const filled = interpolateQuery(query({ signals: ['$signal'], groupBy: ['destination.workload', '$by'] }), resolve);
    expect(filled.signals).toEqual(['latency_p99']);
    expect(filled.groupBy).toEqual(['destination.workload', 'source.pod', 'source.node']);
  });

  it('fills variables into plain texts', () => {
    expect(interpolateQuery(query({ step: '$__interval' }), resolve).step).toBe('30s');
  });

  it('leaves out what a variable takes away', () => {
    const filled = interpolateQuery(query({ filter: 'destination.workload = $all', groupBy: ['$all'] }), resolve);
    expect(filled).toEqual({ refId: 'A', queryType: 'signals' });
  });

  it('sends no key that the query type does not take', () => {
    expect(interpolateQuery(query({ live: true, table: 'flows' }), resolve)).toEqual({
      refId: 'A',
      queryType: 'signals',
    });
  });

  it('leaves the values of a link to the backend', () => {
    const where = { 'url.path': '/$workload*' };
    expect(interpolateQuery({ refId: 'A', queryType: 'requests', where }, resolve).where).toEqual(where);
  });

  it('does not change the query that it was given', () => {
    const given = query({ filter: 'destination.workload = $workload', groupBy: ['$by'] });
    const copy = JSON.parse(JSON.stringify(given));
    interpolateQuery(given, resolve);
    expect(given).toEqual(copy);
  });
});
