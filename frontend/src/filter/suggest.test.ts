import { FieldEntry } from '../datasource/resources';
import { contextAt } from './caret';
import { complete, labelKeys, labelSuggestions, localSuggestions, valuePrefix, valueSuggestions } from './suggest';

const field = (name: string): FieldEntry => {
  return { name, kind: 'text', tables: [], groupable: true, filterable: true, description: '' };
};
const FIELDS = [field('source.workload'), field('destination.workload'), field('http.host')];
const end = (text: string) => contextAt(text, text.length);
const labels = (text: string, kind: FieldEntry['kind'] = 'text') => {
  return localSuggestions(end(text), FIELDS, kind).map(({ label }) => label);
};

describe('localSuggestions', () => {
  it('has fields that begin so before those that contain it', () => {
    expect(labels('')).toEqual(['source.workload', 'destination.workload', 'http.host']);
    expect(labels('d')).toEqual(['destination.workload', 'source.workload']);
    expect(labels('HOST')).toEqual(['http.host']);
  });

  it('quotes a label that could not be read without', () => {
    const inserted = (name: string) => localSuggestions(end(name.slice(0, 12)), [field(name)], 'text')[0].insert;
    expect(inserted('source.labels.app.kubernetes.io/name')).toBe('source.labels.app.kubernetes.io/name ');
    expect(inserted('source.labels.odd key')).toBe('source.labels."odd key" ');
  });

  it('has the operators that fit', () => {
    expect(labels('latency ', 'duration')).toEqual(['=', '!=', 'in', 'not in', '<', '<=', '>', '>=']);
    expect(labels('verdict !')).toEqual(['!=', '!~']);
  });

  it('has units for a number', () => {
    expect(labels('latency > 25', 'duration')).toEqual(['25us', '25ms', '25s', '25m']);
    expect(labels('latency > 25m', 'duration')).toEqual(['25ms']);
    expect(labels('bytes_sent > 2', 'bytes')).toEqual(['2KiB', '2MiB', '2GiB']);
    expect(labels('latency > ', 'duration')).toEqual([]);
  });

  it('joins', () => {
    expect(labels('a = "x" ')).toEqual(['and', 'or']);
    expect(labels('a = "x" o')).toEqual(['or']);
  });
});

describe('labels', () => {
  it('are asked for once their end is typed', () => {
    expect(labelKeys('source.labels.ap')).toEqual({ field: 'source.labels.*', prefix: 'ap' });
    expect(labelKeys('either.labels."odd k')).toEqual({ field: 'either.labels.*', prefix: 'odd k' });
    expect(labelKeys('source.lab')).toBeUndefined();
  });

  it('take the place of what was typed, quoted where they must be', () => {
    const inserted = labelSuggestions(['app', 'odd key'], 'source.labels.').map(({ insert }) => insert);
    expect(inserted).toEqual(['source.labels.app ', 'source.labels."odd key" ']);
  });
});

describe('values', () => {
  it('are quoted and take the place of what was typed', () => {
    const text = 'verdict = "dr';
    const [suggestion] = valueSuggestions(['dropped'], end(text), 'text');
    expect(complete(text, end(text), suggestion)).toBe('verdict = "dropped" ');
    expect(valuePrefix(end(text))).toBe('dr');
  });

  it('keep what follows', () => {
    const text = 'port in (8) and a = 1';
    const context = contextAt(text, 10);
    const [suggestion] = valueSuggestions(['80'], context, 'integer');
    expect(complete(text, context, suggestion)).toBe('port in (80) and a = 1');
  });

  it('do not double the space behind', () => {
    const text = 'verdict = d and a = 1';
    const context = contextAt(text, 11);
    const [suggestion] = valueSuggestions(['dropped'], context, 'text');
    expect(complete(text, context, suggestion)).toBe('verdict = "dropped" and a = 1');
  });
});
