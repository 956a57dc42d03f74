import { readFileSync } from 'fs';
import { join } from 'path';

import { Condition } from './condition';
import { carriedValue, exactCondition, exactFilter, pickedValue, plainValue } from './exact';
import { kindOf } from './kinds';
import { parseFilter } from './parse';
import { referencesIn } from './variables';
import { unquote, writeCondition } from './write';

interface Row {
  field: string;
  value: string | null;
  condition: string | null;
}

/** The table that the backend's tests read too. */
const ROWS: Row[] = JSON.parse(
  readFileSync(join(__dirname, '../../../crates/model/tests/odd_values.json'), { encoding: 'utf8' })
);
const WRITTEN = ROWS.filter(({ value, condition }) => value && condition);

describe('exactCondition', () => {
  it.each(ROWS)('of $field and $value is what the backend writes', ({ field, value, condition }) => {
    expect(exactCondition(field, value) ?? null).toBe(condition);
  });

  it.each(WRITTEN)('of $field and $value holds no template variable', ({ field, value }) => {
    expect(referencesIn(exactCondition(field, value) ?? '')).toEqual([]);
  });

  it.each(WRITTEN)('of $field and $value is one comparison', ({ field, value }) => {
    const node = parseFilter(exactCondition(field, value) ?? '');
    expect(node).toMatchObject({ kind: 'comparison', operator: '=', values: [{}] });
  });
});

describe('values that were picked', () => {
  const texts = ROWS.filter(({ field, value }) => field === 'url.path' && value).map(({ value }) => value ?? '');

  it.each(texts)('are written by the builder as by everybody else: %j', (text) => {
    const condition: Condition = { field: 'url.path', operator: '=', values: [pickedValue(text, '=', 'text')] };
    expect(writeCondition(condition)).toBe(exactCondition('url.path', text));
  });

  it.each(texts)('are shown as they are: %j', (text) => {
    expect(plainValue(pickedValue(text, '=', 'text'), '=', 'text')).toBe(text);
    expect(plainValue(pickedValue(text, '=~', 'text'), '=~', 'text')).toBe(text);
  });

  it.each(texts)('stay what they are behind another operator: %j', (text) => {
    const asPattern = carriedValue(pickedValue(text, '=', 'text'), '=', '=~', 'text');
    expect(new RegExp(asPattern, 's').test(text)).toBe(true);
    expect(new RegExp(asPattern, 's').test(`${text}x`)).toBe(false);
    expect(carriedValue(asPattern, '=~', 'in', 'text')).toBe(pickedValue(text, 'in', 'text'));
  });

  it('are told from patterns that were typed', () => {
    expect(plainValue('xwing-*', '=', 'text')).toBeUndefined();
    expect(carriedValue('xwing-*', '=', '=~', 'text')).toBe('xwing-*');
    expect(carriedValue('^/v1/', '=~', '=', 'text')).toBe('^/v1/');
  });
});

describe('exactFilter', () => {
  it('joins the fields of one object, and the objects', () => {
    const pid = { 'source.pid': 7, 'source.node': 'a"*' };
    expect(exactFilter(pid)).toBe('source.pid = 7 and source.node = "a\\"\\*"');
    expect(exactFilter([{ 'process.pid': '7' }, { 'process.parent_pid': '7' }])).toBe(
      '(process.pid = 7) or (process.parent_pid = 7)'
    );
  });

  it('asks for absence where a cell is empty', () => {
    expect(exactFilter({ 'source.port': 'NaN', 'source.workload': '' })).toBe(
      'source.port != "?*" and source.workload != "?*"'
    );
    expect(exactFilter({ 'either.pod': null, 'source.port': 1 })).toBe(
      '(source.pod != "?*" or destination.pod != "?*") and source.port = 1'
    );
  });

  it('knows what it cannot write', () => {
    expect(exactFilter({ 'source.port': 'web' })).toBeUndefined();
  });
});

it('quotes are read back', () => {
  for (const { field, value, condition } of WRITTEN) {
    if (kindOf(field) === 'text') {
      const quoted = condition?.slice(condition.indexOf(' = ') + 3) ?? '';
      expect(plainValue(unquote(quoted), '=', 'text')).toBe(value);
    }
  }
});
