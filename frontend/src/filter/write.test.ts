import { Condition } from './condition';
import { escapeRegex, quote, unquote, writeCondition, writeFilter, writeValue } from './write';

describe('writeFilter', () => {
  it('joins conditions with and', () => {
    const conditions: Condition[] = [
      { field: 'destination.workload', operator: '=', values: ['web'] },
      { field: 'http.response.status_code', operator: '>=', values: ['500'] },
    ];
    expect(writeFilter(conditions)).toBe('destination.workload = "web" and http.response.status_code >= 500');
  });

  it('leaves out rows that are not filled in', () => {
    const conditions: Condition[] = [
      { field: '', operator: '=', values: [] },
      { field: 'verdict', operator: '=', values: [] },
      { field: 'verdict', operator: 'in', values: ['', 'dropped'] },
    ];
    expect(writeFilter(conditions)).toBe('verdict in ("dropped")');
  });

  it('has the kinds of the nodes before its own', () => {
    const conditions: Condition[] = [{ field: 'custom', operator: '=', values: ['12'] }];
    expect(writeFilter(conditions)).toBe('custom = "12"');
    expect(writeFilter(conditions, () => 'integer')).toBe('custom = 12');
  });
});

describe('writeCondition', () => {
  it.each<[Condition, string]>([
    [{ field: 'destination.port', operator: 'not in', values: ['53', '5353'] }, 'destination.port not in (53, 5353)'],
    [{ field: 'destination.port', operator: 'in', values: ['8000..8999'] }, 'destination.port in (8000..8999)'],
    [{ field: 'source.address', operator: 'in', values: ['10.0.0.0/8', '::1'] }, 'source.address in (10.0.0.0/8, ::1)'],
    [{ field: 'latency', operator: '>', values: ['250ms'] }, 'latency > 250ms'],
    [{ field: 'bytes_sent', operator: '>', values: ['1.5KiB'] }, 'bytes_sent > 1.5KiB'],
    [{ field: 'url.path', operator: '=~', values: ['^/v1/'] }, 'url.path =~ "^/v1/"'],
    [{ field: 'source.pod', operator: '=', values: ['xwing-*'] }, 'source.pod = "xwing-*"'],
    [{ field: 'source.workload', operator: 'in', values: ['a', 'b'] }, 'source.workload in ("a", "b")'],
  ])('writes %j', (condition, text) => {
    expect(writeCondition(condition)).toBe(text);
  });
});

describe('writeValue', () => {
  it('quotes text, even where it looks like a number', () => {
    expect(writeValue('404', 'text')).toBe('"404"');
  });

  it('quotes what is no value of its kind, so that the message points at it', () => {
    expect(writeValue('a b', 'integer')).toBe('"a b"');
  });

  it.each(['$workload', '${workload}', '${workload:csv}', '[[workload]]'])('lets the variable %s stand', (variable) => {
    expect(writeValue(variable, 'text')).toBe(variable);
  });
});

describe('quotes', () => {
  it.each([
    'plain',
    'with "quotes"',
    'back\\slash',
    '\\"',
    '\\n',
    'a\\',
    '\\\\',
    "it's",
    'tab\t',
    'ünïcode 🚀',
    'line\nbreak',
  ])('come off again: %s', (text) => {
    expect(unquote(quote(text))).toBe(text);
  });

  it('may be left open, or single', () => {
    expect(unquote('"web')).toBe('web');
    expect(unquote('"we\\"')).toBe('we"');
    expect(unquote("'web'")).toBe('web');
  });

  it('keep backslashes of regular expressions', () => {
    expect(quote('^\\d+$')).toBe('"^\\d+$"');
    expect(unquote('"^\\d+$"')).toBe('^\\d+$');
  });
});

it('escapeRegex makes a pattern that matches the text alone', () => {
  const text = 'a.b*c+d?e^f$g{h}i(j)k|l[m]n\\o';
  expect(new RegExp(`^${escapeRegex(text)}$`).test(text)).toBe(true);
  expect(new RegExp(`^${escapeRegex('a.b')}$`).test('axb')).toBe(false);
});
