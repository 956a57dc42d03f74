import { css } from '@emotion/css';
import { dateTimeFormat, formattedValueToString, getDisplayProcessor, type GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { interpolateInferno } from 'd3-scale-chromatic';
import { useEffect, useMemo, useRef, useState } from 'react';

import type { PanelProps } from '../panelProps';
import { type Cell, type Heatmap, readHeatmap } from './cells';

const AXIS_WIDTH = 64;
const AXIS_HEIGHT = 22;
const LABEL_HEIGHT = 26;
const LABEL_WIDTH = 90;
/** Below this share of the scheme the cells could not be told from the panel. */
const DARKEST = 0.25;

interface Drawing {
  heatmap: Heatmap;
  width: number;
  height: number;
}

export function HeatmapPanel({ data, timeRange, width, height }: PanelProps) {
  const styles = useStyles2(getStyles);
  const heatmap = useMemo(() => data.series[0] && readHeatmap(data.series[0]), [data.series]);
  if (!heatmap || heatmap.rows.length === 0) {
    return null;
  }
  const drawing = { heatmap, width: width - AXIS_WIDTH, height: height - AXIS_HEIGHT };
  return (
    <div className={styles.heatmap} style={{ width, height }} role="img" aria-label="Heatmap">
      <Values {...drawing} />
      <Cells {...drawing} from={timeRange.from.valueOf()} to={timeRange.to.valueOf()} />
      <Times width={drawing.width} from={timeRange.from.valueOf()} to={timeRange.to.valueOf()} />
    </div>
  );
}

function Cells({ heatmap, width, height, from, to }: Drawing & { from: number; to: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const styles = useStyles2(getStyles);
  const [hovered, setHovered] = useState<{ cell: Cell; x: number; y: number }>();
  const place = useMemo(() => placer({ heatmap, width, height }, from, to), [heatmap, width, height, from, to]);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) {
      return;
    }
    context.clearRect(0, 0, width, height);
    for (const cell of heatmap.cells.filter(({ count }) => count > 0)) {
      const { x, y, wide, tall } = place(cell);
      context.fillStyle = colorOf(cell.count, heatmap.most);
      context.fillRect(x, y, Math.max(wide - 1, 1), Math.max(tall - 1, 1));
    }
  }, [heatmap, width, height, place]);
  const hover = ({ nativeEvent: { offsetX: x, offsetY: y } }: React.MouseEvent) => {
    const under = (cell: Cell) => {
      const box = place(cell);
      return cell.count > 0 && x >= box.x && x < box.x + box.wide && y >= box.y && y < box.y + box.tall;
    };
    const cell = heatmap.cells.find(under);
    setHovered(cell && { cell, x, y });
  };
  return (
    <div className={styles.cells}>
      <canvas
        ref={canvas}
        width={width}
        height={height}
        onMouseMove={hover}
        onMouseLeave={() => setHovered(undefined)}
      />
      {hovered && <CellTooltip heatmap={heatmap} {...hovered} />}
    </div>
  );
}

function CellTooltip({ heatmap, cell, x, y }: { heatmap: Heatmap; cell: Cell; x: number; y: number }) {
  const styles = useStyles2(getStyles);
  const write = useValueWriter(heatmap);
  const row = heatmap.rows[cell.row];
  const band = row.name ?? `${write(row.low)} – ${write(row.high)}`;
  return (
    <div className={styles.tooltip} style={{ left: x + 12, top: y + 12 }}>
      <div>{dateTimeFormat(heatmap.columns[cell.column])}</div>
      <div>{band}</div>
      <b>{cell.count}</b>
    </div>
  );
}

/** Names of bands: the upper border of as many as there is room for. */
function Values({ heatmap, height }: Drawing) {
  const styles = useStyles2(getStyles);
  const write = useValueWriter(heatmap);
  const tall = height / heatmap.rows.length;
  const every = Math.ceil(LABEL_HEIGHT / tall);
  const labelled = heatmap.rows.map((row, index) => ({ row, index })).filter(({ index }) => index % every === 0);
  return (
    <div style={{ position: 'relative', width: AXIS_WIDTH, height }}>
      {labelled.map(({ row, index }) => (
        <div key={index} className={styles.value} style={{ top: height - (index + 1) * tall - 8 }}>
          {row.name ?? write(row.high)}
        </div>
      ))}
    </div>
  );
}

function Times({ width, from, to }: { width: number; from: number; to: number }) {
  const styles = useStyles2(getStyles);
  const count = Math.max(Math.floor(width / LABEL_WIDTH), 1);
  const times = Array.from({ length: count }, (_, index) => from + ((index + 0.5) * (to - from)) / count);
  return (
    <div className={styles.times} style={{ width }}>
      {times.map((time) => (
        <span key={time}>{dateTimeFormat(time, { format: 'HH:mm:ss' })}</span>
      ))}
    </div>
  );
}

function useValueWriter({ yField }: Heatmap): (value: number) => string {
  const theme = useTheme2();
  return useMemo(() => {
    const display = yField && getDisplayProcessor({ field: yField, theme });
    return (value) => (display ? formattedValueToString(display(value)) : String(value));
  }, [yField, theme]);
}

function placer({ heatmap, width, height }: Drawing, from: number, to: number) {
  const { columns, rows } = heatmap;
  const step = columns.length > 1 ? columns[1] - columns[0] : to - from;
  const tall = height / rows.length;
  const wide = (step / (to - from)) * width;
  return ({ column, row }: Cell) => {
    const x = ((columns[column] - from) / (to - from)) * width;
    return { x, y: height - (row + 1) * tall, wide, tall };
  };
}

function colorOf(count: number, most: number): string {
  return interpolateInferno(DARKEST + (1 - DARKEST) * Math.sqrt(count / most));
}

const getStyles = (theme: GrafanaTheme2) => ({
  heatmap: css({ display: 'flex', flexWrap: 'wrap', fontSize: theme.typography.bodySmall.fontSize }),
  cells: css({ position: 'relative' }),
  value: css({
    position: 'absolute',
    right: theme.spacing(1),
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
  tooltip: css({
    position: 'absolute',
    zIndex: 1,
    pointerEvents: 'none',
    whiteSpace: 'nowrap',
    padding: theme.spacing(1),
    background: theme.colors.background.elevated,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
});
