import { withAdHoc } from './adHoc';

describe('withAdHoc', () => {
  it.each([
    [{ key: 'destination.workload', operator: '=', value: 'web' }, 'destination.workload = "web"'],
    [{ key: 'destination.port', operator: '!=', value: '80' }, 'destination.port != 80'],
    [{ key: 'latency', operator: '>', value: '250ms' }, 'latency > 250ms'],
    [{ key: 'url.path', operator: '=~', value: '^/v1/' }, 'url.path =~ "^/v1/"'],
    [{ key: 'verdict', operator: '=|', value: 'a', values: ['a', 'b'] }, 'verdict in ("a", "b")'],
    [{ key: 'verdict', operator: '!=|', value: 'a', values: ['a', 'b'] }, 'verdict not in ("a", "b")'],
    [{ key: 'verdict', operator: '=|', value: 'a' }, 'verdict in ("a")'],
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
