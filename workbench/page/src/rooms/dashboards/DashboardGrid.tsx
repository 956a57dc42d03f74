import { css } from '@emotion/css';
import type { AdHocVariableFilter, GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { useMemo, useState } from 'react';

import { between, type Clock } from '../../query/timeRange';
import { useWidth } from '../../shell/useWidth';
import { DashboardPanel } from './DashboardPanel';
import { type Box, boxOf, gridHeight, inSight, unfolded } from './grid';
import type { PanelModel } from './model';

interface Props {
  panels: PanelModel[];
  clock: Clock;
  choices: string;
  filters: AdHocVariableFilter[];
}

export function DashboardGrid({ panels, clock, choices, filters }: Props) {
  const styles = useStyles2(getStyles);
  const [grid, width] = useWidth<HTMLDivElement>();
  const all = useMemo(() => unfolded(panels), [panels]);
  const [folded, setFolded] = useState(() => new Set(all.filter(({ collapsed }) => collapsed).map(({ id }) => id)));
  const shown = inSight(all, folded);
  const toggle = (id: number) => setFolded((before) => before.symmetricDifference(new Set([id])));
  const byId = useMemo(() => new Map(all.map((panel) => [panel.id, panel])), [all]);
  const zoom = (from: number, to: number) => clock.setRange(between(from, to).raw);
  return (
    <div ref={grid} className={styles.grid} style={{ height: gridHeight(shown) }}>
      {width > 0 &&
        shown.map((panel) => {
          const box = boxOf(panel, width);
          return panel.type === 'row' ? (
            <RowHead
              key={panel.id}
              title={panel.title}
              box={box}
              open={!folded.has(panel.id)}
              onToggle={() => toggle(panel.id)}
            />
          ) : (
            <div key={panel.id} className={styles.cell} style={box}>
              <DashboardPanel
                panel={byId.get(panel.id) ?? panel}
                range={clock.range}
                choices={choices}
                filters={filters}
                width={box.width}
                height={box.height}
                onChangeTimeRange={zoom}
              />
            </div>
          );
        })}
    </div>
  );
}

function RowHead({ title, box, open, onToggle }: { title: string; box: Box; open: boolean; onToggle(): void }) {
  const styles = useStyles2(getStyles);
  return (
    <button type="button" className={styles.row} style={box} aria-expanded={open} onClick={onToggle}>
      <Icon name={open ? 'angle-down' : 'angle-right'} />
      {title}
    </button>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  grid: css({ position: 'relative' }),
  cell: css({ position: 'absolute' }),
  row: css({
    all: 'unset',
    position: 'absolute',
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    cursor: 'pointer',
    fontSize: theme.typography.h5.fontSize,
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}` },
  }),
});
