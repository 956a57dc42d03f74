import {
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  type ReduceDataOptions,
  VizOrientation,
} from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import {
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  useTheme2,
  VizRepeater,
} from '@grafana/ui';

import type { PanelProps } from './panelProps';

interface StatOptions {
  colorMode?: BigValueColorMode;
  graphMode?: BigValueGraphMode;
  justifyMode?: BigValueJustifyMode;
  textMode?: BigValueTextMode;
  wideLayout?: boolean;
  orientation?: VizOrientation;
  reduceOptions?: ReduceDataOptions;
}

export function StatPanel({ data, fieldConfig, options, timeRange, width, height }: PanelProps) {
  const theme = useTheme2();
  const stat = options as StatOptions;
  const graphMode = stat.graphMode ?? BigValueGraphMode.Area;
  const values = (): FieldDisplay[] =>
    getFieldDisplayValues({
      data: data.series,
      fieldConfig,
      reduceOptions: stat.reduceOptions ?? { calcs: ['lastNotNull'] },
      replaceVariables: (text, scopedVars, format) => getTemplateSrv().replace(text, scopedVars, format),
      sparkline: graphMode !== BigValueGraphMode.None,
      theme,
      timeZone: 'browser',
    });
  return (
    <VizRepeater
      getValues={values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, alignmentFactors, width: each, height: tall, count }) => (
        <BigValue
          value={value.display}
          sparkline={value.sparkline && { ...value.sparkline, timeRange }}
          colorMode={stat.colorMode ?? BigValueColorMode.Value}
          graphMode={graphMode}
          justifyMode={stat.justifyMode ?? BigValueJustifyMode.Auto}
          textMode={stat.textMode ?? BigValueTextMode.Auto}
          disableWideLayout={stat.wideLayout === false}
          alignmentFactors={alignmentFactors}
          count={count}
          theme={theme}
          width={each}
          height={tall}
        />
      )}
      source={data}
      renderCounter={0}
      autoGrid
      orientation={stat.orientation ?? VizOrientation.Auto}
      width={width}
      height={height}
    />
  );
}
