import { css } from '@emotion/css';
import { type DataFrame, getFrameDisplayName, type GrafanaTheme2 } from '@grafana/data';
import type { TableCellHeight, TableSortByFieldState } from '@grafana/schema';
import { Combobox, useStyles2 } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { useState } from 'react';

import { Named } from '../shell/Named';
import type { PanelProps } from './panelProps';

const PICKER_HEIGHT = 40;

interface TableOptions {
  showHeader?: boolean;
  cellHeight?: TableCellHeight;
  sortBy?: TableSortByFieldState[];
}

/** One frame as a table; where the answer has several, one picks. */
export function TablePanel({ data, fieldConfig, options, timeRange, width, height }: PanelProps) {
  const styles = useStyles2(getStyles);
  const [picked, setPicked] = useState(0);
  const frames = data.series;
  const frame = frames[picked] ?? frames[0];
  const table = options as TableOptions;
  const picks = frames.length > 1;
  return (
    <div className={styles.table}>
      <TableNG
        data={frame}
        width={width}
        height={picks ? height - PICKER_HEIGHT : height}
        noHeader={table.showHeader === false}
        cellHeight={table.cellHeight}
        initialSortBy={table.sortBy}
        fieldConfig={fieldConfig}
        timeRange={timeRange}
        showTypeIcons={false}
        resizable
      />
      {picks && <FramePicker frames={frames} picked={picked} onPick={setPicked} />}
    </div>
  );
}

interface FramePickerProps {
  frames: DataFrame[];
  picked: number;
  onPick(index: number): void;
}

function FramePicker({ frames, picked, onPick }: FramePickerProps) {
  const choices = frames.map((frame, index) => ({ label: getFrameDisplayName(frame, index), value: index }));
  return (
    <Named name="Frame">
      {(label) => (
        <Combobox aria-labelledby={label} options={choices} value={picked} onChange={({ value }) => onPick(value)} />
      )}
    </Named>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  table: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1), height: '100%' }),
});
