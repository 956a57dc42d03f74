import { DataSourceJsonData } from '@grafana/data';
import { DataQuery } from '@grafana/schema';

import { ExactValues } from '../filter/exact';

/** What can be asked of the nodes. */
export type QueryType =
  'signals' | 'heatmap' | 'serviceMap' | 'flows' | 'requests' | 'drops' | 'processes' | 'table' | 'values';

export type RecordTable = 'flows' | 'requests' | 'drops' | 'processes';

/** How requests are shown. */
export type RowShape = 'table' | 'logs' | 'traces';

/**
 * A query as it is stored in a dashboard and sent to the nodes. Nothing of the editor's own state is kept in it, so an
 * alert rule asks exactly what a panel asks.
 */
export interface GoldwireQuery extends DataQuery {
  queryType?: QueryType;
  filter?: string;
  signals?: string[];
  /** Of a heatmap. */
  signal?: string;
  groupBy?: string[];
  columns?: string[];
  /** Columns; one with `-` before it is ordered from the largest down. */
  orderBy?: string[];
  limit?: number;
  /** Width of a step, such as `10s`; absent: as the panel's width asks. */
  step?: string;
  live?: boolean;
  as?: RowShape;
  table?: RecordTable;
  aggregates?: string[];
  /** Of a values query: the field whose values are asked for. */
  field?: string;
  prefix?: string;
  /** Of processes, 0: from the beginning of history on, wherever the panel's range begins. */
  from?: number;
  /** Values by field, from a link, which cannot write a filter. The editor makes them part of the filter. */
  where?: ExactValues | ExactValues[];
  /** The dashboard's ad hoc filters. Only ever in a query on its way to the backend. */
  adHoc?: string[];
}

export interface GoldwireOptions extends DataSourceJsonData {
  nodes?: string[];
  nodesDns?: string;
  nodesPort?: number;
  timeoutSeconds?: number;
  enforcedFilter?: string;
  traceDatasourceUid?: string;
  tlsAuth?: boolean;
  tlsAuthWithCACert?: boolean;
  tlsSkipVerify?: boolean;
  serverName?: string;
}

/** Kept by Grafana, never sent back to the browser. */
export interface GoldwireSecrets {
  token?: string;
  tlsCACert?: string;
  tlsClientCert?: string;
  tlsClientKey?: string;
}
