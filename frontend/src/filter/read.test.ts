import { Condition } from './condition';
import { readConditions } from './read';
import { writeFilter } from './write';

describe('readConditions', () => {
  it.each<[string, Condition[]]>([
    ['destination.workload = $workload', [{ field: 'destination.workload', operator: '=', values: ['$workload'] }]],
    [
      "destination.port not in (53, 5353) and verdict != 'dropped'",
      [
        { field: 'destination.port', operator: 'not in', values: ['53', '5353'] },
        { field: 'verdict', operator: '!=', values: ['dropped'] },
      ],
    ],
    ['latency>250ms', [{ field: 'latency', operator: '>', values: ['250ms'] }]],
    ['not verdict = dropped', [{ field: 'verdict', operator: '!=', values: ['dropped'] }]],
    ['not verdict not in (a, b)', [{ field: 'verdict', operator: 'in', values: ['a', 'b'] }]],
    ['source.labels."a b" = x -- why', [{ field: 'source.labels."a b"', operator: '=', values: ['x'] }]],
    ['source.pod IN ("a \\"b\\"")', [{ field: 'source.pod', operator: 'in', values: ['a "b"'] }]],
  ])('reads %s', (text, conditions) => {
    expect(readConditions(text)).toEqual(conditions);
  });

  it.each(['a = 1 or b = 2', '(a = 1)', 'not a > 1', 'a = ', 'a b', 'a in ()', 'a in (1', ''])(
    'has no rows for %j',
    (text) => {
      expect(readConditions(text)).toBeUndefined();
    }
  );

  it.each([
    'destination.workload = $workload and latency > 250ms',
    'source.address not in (10.0.0.0/8, ::1) and url.path =~ "^/v1/\\d+$"',
    'source.workload in ("a", "b")',
  ])('is undone by writeFilter: %s', (text) => {
    expect(writeFilter(readConditions(text) ?? [])).toBe(text);
  });
});
