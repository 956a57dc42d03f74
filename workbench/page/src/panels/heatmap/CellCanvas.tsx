import { css } from '@emotion/css';
import { dateTimeFormat, type GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { interpolateInferno } from 'd3-scale-chromatic';
import { useEffect, useMemo, useRef, useState } from 'react';

import type { Cell, Heatmap } from './cells';
import type { ValueScale } from './scale';

/** Below this share of the scheme the cells could not be told from the panel. */
const DARKEST = 0.25;

interface Props {
  heatmap: Heatmap;
  scale: ValueScale;
  width: number;
  height: number;
  from: number;
  to: number;
  write(value: number): string;
}

interface Box {
  x: number;
  y: number;
  wide: number;
  tall: number;
}

interface Hovered {
  cell: Cell;
  x: number;
  y: number;
}

export function CellCanvas({ heatmap, scale, width, height, from, to, write }: Props) {
  const styles = useStyles2(getStyles);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hovered, setHovered] = useState<Hovered>();
  const boxes = useMemo(() => {
    const across = (time: number) => ((time - from) / (to - from)) * width;
    const down = (value: number) => (1 - scale.shareOf(value)) * height;
    return heatmap.cells.map((cell): Box => {
      const [x, y] = [across(cell.from), down(cell.high)];
      return { x, y, wide: across(cell.to) - x, tall: down(cell.low) - y };
    });
  }, [heatmap, scale, width, height, from, to]);
  useEffect(() => draw(canvas.current, heatmap.cells, boxes), [heatmap, boxes]);
  const hover = ({ nativeEvent: { offsetX: x, offsetY: y } }: React.MouseEvent) => {
    const under = (box: Box) => x >= box.x && x < box.x + box.wide && y >= box.y && y < box.y + box.tall;
    const cell = heatmap.cells[boxes.findIndex(under)];
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
      {hovered && <CellTooltip {...hovered} bands={heatmap.bands} write={write} />}
    </div>
  );
}

function CellTooltip({ cell, x, y, bands, write }: Hovered & Pick<Props, 'write'> & Pick<Heatmap, 'bands'>) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.tooltip} style={{ left: x + 12, top: y + 12 }}>
      <div>{dateTimeFormat(cell.from)}</div>
      <div>{bands ? bands[cell.low] : `${write(cell.low)} – ${write(cell.high)}`}</div>
      <b>{cell.count}</b>
    </div>
  );
}

function draw(canvas: HTMLCanvasElement | null, cells: Cell[], boxes: Box[]): void {
  const context = canvas?.getContext('2d');
  if (!canvas || !context) {
    return;
  }
  const most = cells.reduce((largest, { count }) => Math.max(largest, count), 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  cells.forEach(({ count }, index) => {
    const { x, y, wide, tall } = boxes[index];
    // Few counts must be seen beside many, so colours go by the root.
    context.fillStyle = interpolateInferno(DARKEST + (1 - DARKEST) * Math.sqrt(count / most));
    context.fillRect(x, y, Math.max(wide - 1, 1), Math.max(tall - 1, 1));
  });
}

const getStyles = (theme: GrafanaTheme2) => ({
  cells: css({ position: 'relative' }),
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
