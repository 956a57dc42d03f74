import { GoldwireQuery, QueryType } from './model';

/** A key of a query that belongs to it, not to Grafana. */
export type OwnKey = Exclude<keyof GoldwireQuery, 'refId' | 'hide' | 'key' | 'datasource' | 'queryType' | 'adHoc'>;

export interface QueryTypeEntry {
  type: QueryType;
  label: string;
  description: string;
  /** The nodes refuse any other key by its name. */
  keys: readonly OwnKey[];
  /** What a query of this type begins with. */
  initial: Partial<GoldwireQuery>;
}

const ROW_KEYS: readonly OwnKey[] = ['filter', 'where', 'columns', 'orderBy', 'limit'];

/** In the order in which the editor offers them. */
export const QUERY_TYPES: readonly QueryTypeEntry[] = [
  {
    type: 'signals',
    label: 'Signals',
    description: 'Traffic, errors, latency over time',
    keys: ['filter', 'where', 'signals', 'groupBy', 'limit', 'step'],
    initial: { signals: ['request_rate'], groupBy: ['destination.workload'] },
  },
  {
    type: 'heatmap',
    label: 'Heatmap',
    description: 'How latencies or sizes are spread',
    keys: ['filter', 'where', 'signal', 'step'],
    initial: { signal: 'latency' },
  },
  {
    type: 'serviceMap',
    label: 'Service map',
    description: 'Who talks to whom, as a node graph',
    keys: ['filter', 'where', 'groupBy'],
    initial: { groupBy: ['workload'] },
  },
  {
    type: 'flows',
    label: 'Flows',
    description: 'Connections, one row each',
    keys: [...ROW_KEYS, 'live'],
    initial: { limit: 100 },
  },
  {
    type: 'requests',
    label: 'Requests',
    description: 'Exchanges as rows, logs or traces',
    keys: [...ROW_KEYS, 'live', 'as'],
    initial: { limit: 100 },
  },
  {
    type: 'drops',
    label: 'Drops',
    description: 'Dropped packets and why',
    keys: ROW_KEYS,
    initial: { limit: 100 },
  },
  {
    type: 'processes',
    label: 'Processes',
    description: 'Processes that began or ended',
    keys: [...ROW_KEYS, 'from'],
    initial: { limit: 100 },
  },
  {
    type: 'table',
    label: 'Table',
    description: 'Groups and their aggregates',
    keys: ['filter', 'where', 'table', 'groupBy', 'aggregates', 'orderBy', 'limit'],
    initial: {
      table: 'requests',
      groupBy: ['source.workload', 'destination.workload'],
      aggregates: ['count()', 'p95(latency)'],
      limit: 100,
    },
  },
];

/** Values of a field, for variables. The query editor does not offer it. */
export const VALUES_QUERY: QueryTypeEntry = {
  type: 'values',
  label: 'Values',
  description: 'Distinct values of a field',
  keys: ['filter', 'where', 'field', 'prefix', 'limit'],
  initial: { field: 'destination.workload' },
};

const ENTRIES = new Map([...QUERY_TYPES, VALUES_QUERY].map((entry) => [entry.type, entry]));

/** False where another version of the plugin wrote the query: what its keys are is not known here. */
export function isKnown(type: QueryType | undefined): boolean {
  return type === undefined || ENTRIES.has(type);
}

/** The first type stands for one that is absent or unknown. */
export function entryOf(type: QueryType | undefined): QueryTypeEntry {
  return (type && ENTRIES.get(type)) || QUERY_TYPES[0];
}
