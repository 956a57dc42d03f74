import type { PanelModel } from './model';

/** Grafana's grid: 24 columns, rows of 30 pixels, 8 between. */
const COLUMNS = 24;
const ROW_HEIGHT = 30;
const GAP = 8;

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export function boxOf({ gridPos: { x, y, w, h } }: PanelModel, gridWidth: number): Box {
  const column = (gridWidth - GAP * (COLUMNS - 1)) / COLUMNS;
  return {
    left: x * (column + GAP),
    top: y * (ROW_HEIGHT + GAP),
    width: Math.floor(w * column + (w - 1) * GAP),
    height: h * ROW_HEIGHT + (h - 1) * GAP,
  };
}

export function gridHeight(panels: PanelModel[]): number {
  return panels.reduce((bottom, panel) => {
    const { top, height } = boxOf(panel, 1);
    return Math.max(bottom, top + height);
  }, 0);
}

/** The panels in sight: those of a folded row are not, and what is below it moves up. */
export function inSight(panels: PanelModel[], folded: ReadonlySet<number>): PanelModel[] {
  const sorted = [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
  const shown: PanelModel[] = [];
  let hiding = false;
  let hiddenFrom = 0;
  let up = 0;
  for (const panel of sorted) {
    if (panel.type === 'row') {
      up += hiding ? panel.gridPos.y - hiddenFrom : 0;
      hiding = folded.has(panel.id);
      hiddenFrom = panel.gridPos.y + 1;
    } else if (hiding) {
      continue;
    }
    shown.push({ ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y - up } });
  }
  return shown;
}

/** A row that is folded up keeps its panels inside itself; here they lie beside it. */
export function unfolded(panels: PanelModel[]): PanelModel[] {
  return panels.flatMap((panel) =>
    panel.type === 'row' && panel.collapsed ? [panel, ...(panel.panels ?? [])] : [panel]
  );
}
