import { type DataFrame, FieldType } from '@grafana/data';
import type { PanelChromeProps } from '@grafana/ui';
import type { ComponentType } from 'react';

import { HeatmapPanel } from './heatmap/HeatmapPanel';
import { LogsPanel } from './LogsPanel';
import { NodeGraphPanel } from './nodeGraph/NodeGraphPanel';
import type { PanelProps } from './panelProps';
import { StatPanel } from './StatPanel';
import { TablePanel } from './TablePanel';
import { TimeSeriesPanel } from './TimeSeriesPanel';
import { TracePanel } from './TracePanel';

interface Kind {
  Component: ComponentType<PanelProps>;
  padding: PanelChromeProps['padding'];
}

const KINDS: Record<string, Kind> = {
  timeseries: { Component: TimeSeriesPanel, padding: 'md' },
  stat: { Component: StatPanel, padding: 'md' },
  table: { Component: TablePanel, padding: 'none' },
  nodeGraph: { Component: NodeGraphPanel, padding: 'none' },
  heatmap: { Component: HeatmapPanel, padding: 'md' },
  logs: { Component: LogsPanel, padding: 'md' },
  traces: { Component: TracePanel, padding: 'md' },
};

export function kindOf(type: string): Kind {
  return KINDS[type] ?? KINDS.table;
}

/** The panel's type by which Explore shows a frame: what the frame asks for, else what it looks like. */
export function typeFor(frame: DataFrame): string {
  if (frame.meta?.type?.startsWith('heatmap')) {
    return 'heatmap';
  }
  switch (frame.meta?.preferredVisualisationType) {
    case 'nodeGraph':
      return 'nodeGraph';
    case 'logs':
      return 'logs';
    case 'trace':
      return 'traces';
    case 'table':
      return 'table';
    default:
      return looksLikeSeries(frame) ? 'timeseries' : 'table';
  }
}

function looksLikeSeries({ fields, meta }: DataFrame): boolean {
  const has = (type: FieldType) => fields.some((field) => field.type === type);
  const table = meta?.type !== undefined && !meta.type.startsWith('timeseries');
  return !table && has(FieldType.time) && has(FieldType.number) && !has(FieldType.string);
}
