import { type AdHocVariableFilter, CoreApp, type TimeRange } from '@grafana/data';
import { useMemo } from 'react';

import { NO_FIELD_CONFIG } from '../../panels/panelProps';
import { PanelFrame } from '../../panels/PanelFrame';
import type { Question } from '../../query/runQueries';
import { usePanelData } from '../../query/usePanelData';
import { useBench } from '../../shell/context';
import type { PanelModel } from './model';

interface Props {
  panel: PanelModel;
  range: TimeRange;
  /** Changes when a variable's choice does. */
  choices: string;
  filters: AdHocVariableFilter[];
  width: number;
  height: number;
  onChangeTimeRange(from: number, to: number): void;
}

export function DashboardPanel({ panel, range, choices, filters, width, height, onChangeTimeRange }: Props) {
  const { sources } = useBench();
  const question = useMemo((): Question | undefined => {
    const saved = sources.find(panel.datasource ?? panel.targets?.[0]?.datasource);
    if (!saved || !panel.targets) {
      return undefined;
    }
    const source = sources.instance(saved);
    const { targets, type: panelType } = panel;
    return { source, targets, range, filters, panelType, maxDataPoints: Math.max(width, 100), app: CoreApp.Dashboard };
  }, [sources, panel, range, choices, filters, width]);
  return (
    <PanelFrame
      title={panel.title}
      description={panel.description}
      type={panel.type}
      data={usePanelData(question)}
      fieldConfig={panel.fieldConfig ?? NO_FIELD_CONFIG}
      options={panel.options ?? {}}
      width={width}
      height={height}
      onChangeTimeRange={onChangeTimeRange}
    />
  );
}
