import type { FieldConfigSource, PanelData, TimeRange } from '@grafana/data';

/** What each kind of panel gets: frames with their field options applied, and the room to draw in. */
export interface PanelProps {
  data: PanelData;
  fieldConfig: FieldConfigSource;
  /** The panel's own options, as its dashboard writes them. */
  options: Record<string, unknown>;
  timeRange: TimeRange;
  width: number;
  height: number;
  onChangeTimeRange(from: number, to: number): void;
}

export const NO_FIELD_CONFIG: FieldConfigSource = { defaults: {}, overrides: [] };
