import { type DataFrame, dateTimeFormat, FieldType, formattedValueToString, getFieldDisplayName } from '@grafana/data';
import type { VizLegendOptions, VizTooltipOptions } from '@grafana/schema';
import {
  LegendDisplayMode,
  SeriesTable,
  type SeriesTableRowProps,
  TimeSeries,
  TooltipPlugin2,
  useTheme2,
} from '@grafana/ui';

import type { PanelProps } from './panelProps';

/** `TooltipHoverMode.xAll` of @grafana/ui, whose const enum no bundler can read. */
const HOVER_ALL_SERIES = 1;
const MOST_ROWS = 20;
const LEGEND: VizLegendOptions = {
  showLegend: true,
  displayMode: LegendDisplayMode.List,
  placement: 'bottom',
  calcs: [],
};

export function TimeSeriesPanel({ data, options, timeRange, width, height, onChangeTimeRange }: PanelProps) {
  const legend = { ...LEGEND, ...(options.legend as Partial<VizLegendOptions> | undefined) };
  const tooltip = options.tooltip as VizTooltipOptions | undefined;
  return (
    <TimeSeries
      frames={data.series}
      timeRange={timeRange}
      timeZone="browser"
      width={width}
      height={height}
      legend={legend}
      options={options}
    >
      {(config, aligned) => (
        <TooltipPlugin2
          config={config}
          hoverMode={HOVER_ALL_SERIES}
          queryZoom={({ from, to }) => onChangeTimeRange(from, to)}
          render={(_plot, places) => <Tooltip frame={aligned} places={places} options={tooltip} />}
        />
      )}
    </TimeSeries>
  );
}

interface TooltipProps {
  frame: DataFrame;
  /** For each field the row under the cursor. */
  places: Array<number | null>;
  options?: VizTooltipOptions;
}

function Tooltip({ frame, places, options }: TooltipProps) {
  const theme = useTheme2();
  const at = places.slice(1).find((place) => place !== null);
  const time = at === undefined ? undefined : frame.fields[0].values[at as number];
  const rows = rowsOf(frame, places, theme.colors.text.primary);
  const shown = options?.sort === 'desc' ? rows.sort((a, b) => b.number - a.number) : rows;
  const series = shown.filter(({ number }) => !options?.hideZeros || number !== 0).slice(0, MOST_ROWS);
  return (
    <div style={{ padding: theme.spacing(1) }}>
      <SeriesTable timestamp={time === undefined ? undefined : dateTimeFormat(time)} series={series} />
    </div>
  );
}

function rowsOf(frame: DataFrame, places: Array<number | null>, fallbackColor: string) {
  return frame.fields.flatMap((field, index): Array<SeriesTableRowProps & { number: number }> => {
    const place = places[index];
    if (field.type !== FieldType.number || place === null || field.config.custom?.hideFrom?.tooltip) {
      return [];
    }
    const number = field.values[place];
    const display = field.display?.(number);
    if (number === null || number === undefined || !display) {
      return [];
    }
    const color = display.color ?? fallbackColor;
    return [{ number, color, label: getFieldDisplayName(field, frame), value: formattedValueToString(display) }];
  });
}
