import { FieldEntry } from '../datasource/resources';
import { columnFields, filterFields, groupFields, toOptions } from './fieldOptions';

const field = (name: string, more: Partial<FieldEntry> = {}): FieldEntry => {
  return { name, kind: 'text', tables: ['requests'], groupable: true, filterable: true, description: '', ...more };
};
const FIELDS = [
  field('source.workload'),
  field('destination.workload'),
  field('drop.reason', { tables: ['drops'] }),
  field('latency', { groupable: false }),
  field('hidden', { filterable: false }),
  field('anywhere', { tables: [] }),
];
const names = (fields: FieldEntry[]) => fields.map(({ name }) => name);

it('a filter has the fields of its records, and those of either end', () => {
  const requests = ['source.workload', 'destination.workload', 'latency', 'anywhere', 'either.workload'];
  expect(names(filterFields(FIELDS, ['requests']))).toEqual(requests);
  expect(names(filterFields(FIELDS))).toContain('drop.reason');
});

it('either end is not told twice', () => {
  expect(
    names(filterFields([...FIELDS, field('either.workload')])).filter((name) => name === 'either.workload')
  ).toHaveLength(1);
});

it('groups are by names, columns of one table', () => {
  expect(names(groupFields(FIELDS, ['requests']))).not.toContain('latency');
  expect(names(columnFields(FIELDS, 'drops'))).toEqual(['drop.reason', 'anywhere']);
});

it('options stand together by side', () => {
  const groups = toOptions(FIELDS).map(({ group }) => group);
  expect(groups[0]).toMatch(/^Source/);
  expect(groups[1]).toMatch(/^Destination/);
  expect(groups[3]).toBe('Exchange and connection');
});
