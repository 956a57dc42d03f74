import { css } from '@emotion/css';
import { dateTimeFormat, formattedValueToString, getDisplayProcessor, type GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';

import { NoData } from '../NoData';
import type { PanelProps } from '../panelProps';
import { CellCanvas } from './CellCanvas';
import { type Heatmap, readHeatmap } from './cells';
import { valueScale, type ValueScale } from './scale';

const AXIS_WIDTH = 64;
const AXIS_HEIGHT = 22;
const TICK_HEIGHT = 26;
const TIME_WIDTH = 90;

/** How many values lay where, along time. */
export function HeatmapPanel({ data, timeRange, width, height }: PanelProps) {
  const styles = useStyles2(getStyles);
  const heatmap = useMemo(() => readHeatmap(data.series[0]), [data.series]);
  const write = useValueWriter(heatmap);
  const area = { width: width - AXIS_WIDTH, height: height - AXIS_HEIGHT };
  const scale = useMemo(() => valueScale(heatmap, Math.floor(area.height / TICK_HEIGHT)), [heatmap, area.height]);
  const [from, to] = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  if (heatmap.cells.length === 0) {
    return <NoData />;
  }
  return (
    <div className={styles.heatmap} style={{ width, height }} role="img" aria-label="Heatmap">
      <Values scale={scale} height={area.height} write={write} />
      <CellCanvas {...area} heatmap={heatmap} scale={scale} from={from} to={to} write={write} />
      <Times width={area.width} from={from} to={to} />
    </div>
  );
}

function Values({ scale, height, write }: { scale: ValueScale; height: number; write(value: number): string }) {
  const styles = useStyles2(getStyles);
  return (
    <div style={{ position: 'relative', width: AXIS_WIDTH, height }}>
      {scale.ticks.map(({ value, text }) => (
        <div key={value} className={styles.value} style={{ bottom: scale.shareOf(value) * height }}>
          {text ?? write(value)}
        </div>
      ))}
    </div>
  );
}

function Times({ width, from, to }: { width: number; from: number; to: number }) {
  const styles = useStyles2(getStyles);
  const count = Math.max(Math.floor(width / TIME_WIDTH), 1);
  const times = Array.from({ length: count }, (_, index) => from + ((index + 0.5) * (to - from)) / count);
  return (
    <div className={styles.times} style={{ width }}>
      {times.map((time) => (
        <span key={time}>{dateTimeFormat(time, { format: 'HH:mm:ss' })}</span>
      ))}
    </div>
  );
}

function useValueWriter({ valueField }: Heatmap): (value: number) => string {
  const theme = useTheme2();
  return useMemo(() => {
    const display = valueField && getDisplayProcessor({ field: valueField, theme });
    return (value) => (display ? formattedValueToString(display(value)) : String(value));
  }, [valueField, theme]);
}

const getStyles = (theme: GrafanaTheme2) => ({
  heatmap: css({ display: 'flex', flexWrap: 'wrap', fontSize: theme.typography.bodySmall.fontSize }),
  value: css({
    position: 'absolute',
    right: theme.spacing(1),
    transform: 'translateY(50%)',
    whiteSpace: 'nowrap',
    color: theme.colors.text.secondary,
  }),
  times: css({
    display: 'flex',
    justifyContent: 'space-around',
    height: AXIS_HEIGHT,
    marginLeft: AXIS_WIDTH,
    paddingTop: theme.spacing(0.5),
    color: theme.colors.text.secondary,
  }),
});
