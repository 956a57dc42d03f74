import { adHocConditions, withAdHoc } from './adHoc';

describe('withAdHoc', () => {
  it.each([
    [{ key: 'destination.workload', operator: '=', value: 'web' }, 'destination.workload = "web"'],
    [{ key: 'destination.port', operator: '!=', value: '80' }, 'destination.port != 80'],
    [{ key: 'latency', operator: '>', value: '250ms' }, 'latency > 250ms'],
    [{ key: 'url.path', operator: '=~', value: '^/v1/' }, 'url.path =~ "^/v1/"'],
    [{ key: 'verdict', operator: '=|', value: 'a', values: ['a', 'b'] }, 'verdict in ("a", "b")'],
    [{ key: 'verdict', operator: '!=|', value: 'a', values: ['a', 'b'] }, 'verdict not in ("a", "b")'],
    [{ key: 'verdict', operator: '=|', value: 'a' }, 'verdict in ("a")'],
    // What is picked stands for itself.
    [{ key: 'url.path', operator: '=', value: '/star*' }, 'url.path = "/star\\*"'],
    [{ key: 'url.path', operator: '!=|', value: 'a?', values: ['a?', '$b'] }, 'url.path not in ("a\\?", "\\x24b")'],
    [{ key: 'url.path', operator: '=~', value: '^/a$b' }, 'url.path =~ "^/a\\x24b"'],
    [{ key: 'source.address', operator: '=', value: '10.0.0.0/8' }, 'source.address = 10.0.0.0/8'],
    [{ key: 'source.labels.odd key', operator: '=', value: 'x' }, 'source.labels."odd key" = "x"'],
  ])('writes %j', (filter, text) => {
    expect(withAdHoc('', [filter])).toBe(text);
  });

  it('keeps the filter, with its alternatives together', () => {
    const adHoc = [{ key: 'verdict', operator: '=', value: 'dropped' }];
    expect(withAdHoc('a = 1', adHoc)).toBe('a = 1 and verdict = "dropped"');
    expect(withAdHoc('a = 1 or b = 2', adHoc)).toBe('(a = 1 or b = 2) and verdict = "dropped"');
    expect(withAdHoc('a = 1 -- why', adHoc)).toBe('(a = 1 -- why\n) and verdict = "dropped"');
  });

  it('leaves out what is not filled in', () => {
    const adHoc = [
      { key: '', operator: '=', value: 'x' },
      { key: 'verdict', operator: '=', value: '' },
      { key: 'verdict', operator: '?', value: 'x' },
    ];
    expect(withAdHoc('a = 1', adHoc)).toBe('a = 1');
    expect(withAdHoc('a = 1')).toBe('a = 1');
  });
});

it('adHocConditions has one for each filter', () => {
  const adHoc = [
    { key: 'verdict', operator: '=', value: 'dropped' },
    { key: 'url.path', operator: '', value: 'x' },
    { key: 'url.path', operator: '=', value: '/a' },
  ];
  expect(adHocConditions(adHoc)).toEqual(['verdict = "dropped"', 'url.path = "/a"']);
});
