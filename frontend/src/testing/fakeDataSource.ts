import { FieldEntry, FilterCheck, RequestOptions, Resources, SignalEntry } from '../datasource/resources';
import { GoldwireDataSource } from '../datasource/datasource';

const field = (name: string, more: Partial<FieldEntry> = {}): FieldEntry => {
  return { name, kind: 'text', tables: [], groupable: true, filterable: true, description: `About ${name}`, ...more };
};

export const FIELDS: FieldEntry[] = [
  field('source.workload', { tables: ['flows', 'requests', 'drops'] }),
  field('source.port', { kind: 'integer', tables: ['flows', 'requests', 'drops'] }),
  field('destination.workload', { tables: ['flows', 'requests', 'drops'] }),
  field('destination.port', { kind: 'integer', tables: ['flows', 'requests', 'drops'] }),
  field('drop.reason', { tables: ['drops'] }),
  field('latency', { kind: 'duration', groupable: false, tables: ['requests'] }),
];

const signal = (name: string, table: string, heatmap = false): SignalEntry => {
  return { name, title: name, unit: '', table, description: `About ${name}`, heatmap };
};

export const SIGNALS: SignalEntry[] = [
  signal('request_rate', 'requests'),
  signal('latency_p95', 'requests', true),
  signal('rtt_p50', 'flows'),
];

export interface FakeBackend {
  resources: Resources;
  values: jest.Mock;
  check: jest.Mock<FilterCheck, [string]>;
}

/** Resources with made-up answers: any filter is fine unless `check` says otherwise. */
export function fakeBackend(): FakeBackend {
  const values = jest.fn((_request: unknown, _options: RequestOptions): unknown => ({ values: ['api', 'web'] }));
  const check = jest.fn((filter: string): FilterCheck => ({ ok: true, canonical: filter, conditions: null }));
  const resources = new Resources({
    get: async (path) => (path === 'fields' ? FIELDS : SIGNALS),
    post: async (path, body, options) => {
      if (path !== 'values') {
        return check((body as { filter: string }).filter);
      }
      // Labels are asked for by themselves, and there are none.
      return (body as { field: string }).field.endsWith('.labels.*') ? { values: [] } : values(body, options);
    },
  });
  return { resources, values, check };
}

/** As much of a data source as an editor needs. `$workload` stands for `web`. */
export function fakeDataSource(backend: FakeBackend): GoldwireDataSource {
  const interpolateFilter = (filter: string) => filter.replace(/\$workload/g, '"web"');
  return { resources: backend.resources, interpolateFilter } as unknown as GoldwireDataSource;
}
