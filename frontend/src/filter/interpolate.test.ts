import { interpolateFilter } from './interpolate';
import { Resolve, Resolved } from './variables';

const CHOSEN: Record<string, Resolved> = {
  $one: { kind: 'values', values: ['web'], exact: true },
  '${one}': { kind: 'values', values: ['web'], exact: true },
  $many: { kind: 'values', values: ['web', 'a "b"'], exact: true },
  $dots: { kind: 'values', values: ['a.b', 'c*'], exact: true },
  $all: { kind: 'all' },
  $ports: { kind: 'values', values: ['80', '443'], exact: true },
  $typed: { kind: 'values', values: ['^/v1/'], exact: false },
  $dollars: { kind: 'values', values: ['$one', 'a${one}*'], exact: true },
  $price: { kind: 'values', values: ['$5-*'], exact: false },
  $glob: { kind: 'values', values: ['web-*'], exact: false },
  $whole: { kind: 'values', values: ['latency > 1s or verdict = "dropped"'], exact: false },
  $commented: { kind: 'values', values: ['latency > 1s -- slow'], exact: false },
  '${many:csv}': { kind: 'verbatim', text: 'web,api' },
};
const resolve: Resolve = (reference) => CHOSEN[reference] ?? { kind: 'verbatim', text: reference };

describe('interpolateFilter', () => {
  it.each([
    // One value.
    ['destination.workload = $one', 'destination.workload = "web"'],
    ['destination.workload = "$one"', 'destination.workload = "web"'],
    ['destination.workload = ${one}', 'destination.workload = "web"'],
    ['destination.port = $ports', 'destination.port in (80, 443)'],
    // Several values.
    ['destination.workload = $many', 'destination.workload in ("web", "a \\"b\\"")'],
    ['destination.workload = "$many"', 'destination.workload in ("web", "a \\"b\\"")'],
    ['destination.workload != $many', 'destination.workload not in ("web", "a \\"b\\"")'],
    ['destination.workload in ($many)', 'destination.workload in ("web", "a \\"b\\"")'],
    ['destination.workload in $many', 'destination.workload in ("web", "a \\"b\\"")'],
    ['destination.workload in ("x", $many)', 'destination.workload in ("x", "web", "a \\"b\\"")'],
    ['not destination.port in ($ports, 53)', 'not destination.port in (80, 443, 53)'],
    ['destination.port not in ($ports, 53)', 'destination.port not in (80, 443, 53)'],
    ['destination.port > $ports', '(destination.port > 80 or destination.port > 443)'],
    // Part of a value.
    ['source.pod = "$one-*"', 'source.pod = "web-*"'],
    ['source.pod = "${one}-*"', 'source.pod = "web-*"'],
    // Patterns: what was picked means itself, what was typed is a pattern.
    ['url.path =~ $typed', 'url.path =~ "^/v1/"'],
    // A dollar sign in a value is no variable.
    ['url.path = $dollars', 'url.path in ("\\x24one", "a\\x24{one}\\*")'],
    ['url.path =~ $dollars', 'url.path =~ "^(?:\\x24one|a\\x24\\{one\\}\\*)$"'],
    ['url.path = $price', 'url.path = "\\x245-*"'],
    ['source.pod = $glob', 'source.pod = "web-*"'],
    ['source.workload = $dots', 'source.workload in ("a.b", "c\\*")'],
    ['source.workload =~ $dots', 'source.workload =~ "^(?:a\\.b|c\\*)$"'],
    ['source.workload !~ $one', 'source.workload !~ "^(?:web)$"'],
    ['source.workload =~ "$dots-[0-9]"', 'source.workload =~ "(?:a\\.b-[0-9]|c\\*-[0-9])"'],
    // A whole filter.
    ['$whole and destination.port = 80', '(latency > 1s or verdict = "dropped") and destination.port = 80'],
    ['$commented and destination.port = 80', '(latency > 1s -- slow\n) and destination.port = 80'],
    // What its author asked for.
    ['destination.workload in (${many:csv})', 'destination.workload in (web,api)'],
    ['url.path =~ "^/$unknown$"', 'url.path =~ "^/$unknown$"'],
  ])('%s becomes %s', (text, filled) => {
    expect(interpolateFilter(text, resolve)).toBe(filled);
  });

  it.each([
    ['destination.workload = $all', ''],
    ['destination.workload in ($all)', ''],
    ['source.pod = "$all-*"', ''],
    ['not destination.workload = $all', ''],
    ['destination.workload = $all and latency > 1s', 'latency > 1s'],
    ['latency > 1s and (source.workload = $all or destination.workload = $all)', 'latency > 1s'],
    ['latency > 1s and (source.workload = $one or destination.workload = $all)', 'latency > 1s'],
    ['(destination.workload = $all)', ''],
    ['(destination.workload = $all and verdict = "dropped") or latency > 1s', '(verdict = "dropped") or latency > 1s'],
    ['$all and latency > 1s', 'latency > 1s'],
  ])('"All" takes its condition along: %s becomes %j', (text, filled) => {
    expect(interpolateFilter(text, resolve)).toBe(filled);
  });

  it('leaves a filter without variables as it was written', () => {
    const text = '  a="x"   and(b>1 )';
    expect(interpolateFilter(text, resolve)).toBe(text);
  });

  it('fills in what it can of a filter that it cannot read, so that the nodes say what is wrong', () => {
    expect(interpolateFilter('workload == $one and', resolve)).toBe('workload == web and');
  });
});
