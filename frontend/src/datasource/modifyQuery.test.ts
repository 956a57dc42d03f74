import { GoldwireQuery } from '../query/model';
import { modifyQuery } from './modifyQuery';

const QUERY: GoldwireQuery = { refId: 'A', queryType: 'requests', filter: 'latency > 1s or latency < 1ms' };
const clicked = (key: string, value: string, type = 'ADD_FILTER') => {
  return modifyQuery(QUERY, { type, options: { key, value } }).filter;
};

describe('modifyQuery', () => {
  it('filters for the value that was clicked, and for it alone', () => {
    expect(clicked('url.path', '/star*')).toBe('(latency > 1s or latency < 1ms) and url.path = "/star\\*"');
    expect(clicked('destination.port', '80')).toBe('(latency > 1s or latency < 1ms) and destination.port = 80');
  });

  it('filters it out', () => {
    const filter = '(latency > 1s or latency < 1ms) and not (url.path = "/a")';
    expect(clicked('url.path', '/a', 'ADD_FILTER_OUT')).toBe(filter);
  });

  it('filters for records without a value', () => {
    expect(clicked('source.pod', '')).toBe('(latency > 1s or latency < 1ms) and source.pod != "?*"');
  });

  it('leaves the query alone where it cannot be asked so', () => {
    expect(clicked('destination.port', 'web')).toBe(QUERY.filter);
    expect(clicked('url.path', '/a', 'ADD_STRING')).toBe(QUERY.filter);
  });
});
