import { ScopedVars } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

import { resolver } from './variables';

interface FakeVariable {
  name: string;
  current: string | string[];
  /** What Grafana hands to a formatter. */
  value?: unknown;
  allValue?: string;
  multi?: boolean;
  includeAll?: boolean;
  type?: string;
}

/** Behaves as Grafana's: a custom "all" value and an explicit format go past the formatter. */
function fakeTemplateSrv(variables: FakeVariable[]): TemplateSrv {
  const replace = (text: string, scoped: ScopedVars = {}, format?: unknown) => {
    const [, name, , explicit] = /^\$\{?(\w+)((?::(\w+))?)\}?$/.exec(text) ?? [];
    const variable = variables.find((one) => one.name === name);
    const value = scoped[name]?.value ?? variable?.value ?? variable?.current;
    if (value === undefined || (variable && variable.allValue && variable.current === '$__all')) {
      return variable?.allValue ?? text;
    }
    return explicit || typeof format !== 'function' ? String(value) : format(value, variable ?? {});
  };
  const getVariables = () => variables.map(({ name, current }) => ({ name, current: { value: current } }));
  return { replace, getVariables } as unknown as TemplateSrv;
}

describe('resolver', () => {
  it('tells values that were picked from those that were typed', () => {
    const resolve = resolver(
      fakeTemplateSrv([
        { name: 'picked', current: ['a', 'b'], multi: true },
        { name: 'single', current: 'a', includeAll: true },
        { name: 'found', current: '/star*', type: 'query' },
        { name: 'typed', current: 'web-*', type: 'textbox' },
      ]),
      {}
    );
    expect(resolve('$picked')).toEqual({ kind: 'values', values: ['a', 'b'], exact: true });
    expect(resolve('$single')).toEqual({ kind: 'values', values: ['a'], exact: true });
    expect(resolve('$found')).toEqual({ kind: 'values', values: ['/star*'], exact: true });
    expect(resolve('$typed')).toEqual({ kind: 'values', values: ['web-*'], exact: false });
  });

  it.each<[string, FakeVariable]>([
    ['the choice', { name: 'w', current: '$__all', value: ['a', 'b'], includeAll: true }],
    ['the choice in a list', { name: 'w', current: ['$__all'], value: ['a', 'b'], multi: true, includeAll: true }],
    ['the value', { name: 'w', current: '$__all' }],
    ['a custom value', { name: 'w', current: '$__all', allValue: '.*', includeAll: true }],
    ['nothing chosen', { name: 'w', current: [], multi: true }],
    ['an empty text', { name: 'w', current: '' }],
  ])('knows "All" by %s', (_, variable) => {
    expect(resolver(fakeTemplateSrv([variable]), {})('$w')).toEqual({ kind: 'all' });
  });

  it('takes a custom "all" value that narrows at its word', () => {
    const variable = { name: 'w', current: '$__all', allValue: 'shop-*', includeAll: true };
    expect(resolver(fakeTemplateSrv([variable]), {})('$w')).toEqual({
      kind: 'values',
      values: ['shop-*'],
      exact: false,
    });
  });

  it('has the one value of a repeated panel, though the dashboard has "All"', () => {
    const all = { name: 'w', current: '$__all', value: ['a', 'b'], includeAll: true };
    const scoped = { w: { text: 'a', value: 'a' } };
    expect(resolver(fakeTemplateSrv([all]), scoped)('$w')).toMatchObject({ kind: 'values', values: ['a'] });
    // Scenes hand the value out without telling it in the scoped variables.
    const local = { ...all, value: 'a' };
    expect(resolver(fakeTemplateSrv([local]), {})('$w')).toMatchObject({ kind: 'values', values: ['a'] });
  });

  it('lets names that are no variables and explicit formats stand', () => {
    const resolve = resolver(fakeTemplateSrv([{ name: 'w', current: ['a', 'b'] }]), {});
    expect(resolve('$unknown')).toEqual({ kind: 'verbatim', text: '$unknown' });
    expect(resolve('${w:csv}')).toEqual({ kind: 'verbatim', text: 'a,b' });
  });
});
