import type { DataQuery, DataSourceRef, FieldConfigSource } from '@grafana/data';

/** The part of a dashboard's JSON that is drawn. */
export interface Dashboard {
  uid: string;
  title: string;
  description?: string;
  refresh?: string;
  time: { from: string; to: string };
  templating: { list: VariableModel[] };
  panels: PanelModel[];
}

export interface VariableModel {
  name: string;
  label?: string;
  type: 'datasource' | 'query' | 'adhoc' | 'custom' | 'textbox';
  hide?: number;
  datasource?: DataSourceRef;
  query: unknown;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  sort?: number;
  current?: { value?: string | string[] };
}

export interface PanelModel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: DataSourceRef;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: DataQuery[];
  fieldConfig?: FieldConfigSource;
  options?: Record<string, unknown>;
  collapsed?: boolean;
  /** A row's panels while it is folded up. */
  panels?: PanelModel[];
}
