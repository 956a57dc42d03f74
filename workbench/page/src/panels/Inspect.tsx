import { css } from '@emotion/css';
import type { DataFrame, GrafanaTheme2, PanelData } from '@grafana/data';
import { Drawer, JSONFormatter, Tab, TabsBar, useStyles2 } from '@grafana/ui';
import { useState } from 'react';

type View = 'stats' | 'meta' | 'query';

const VIEWS: Record<View, string> = { stats: 'Stats', meta: 'Meta data', query: 'Query' };

/** What a panel's answer is made of: its size, what it says about itself, and what was asked. */
export function Inspect({ title, data, onClose }: { title: string; data: PanelData; onClose(): void }) {
  const styles = useStyles2(getStyles);
  const [view, setView] = useState<View>('stats');
  const tabs = (
    <TabsBar>
      {Object.entries(VIEWS).map(([key, label]) => (
        <Tab key={key} label={label} active={key === view} onChangeTab={() => setView(key as View)} />
      ))}
    </TabsBar>
  );
  return (
    <Drawer title={`Inspect: ${title}`} onClose={onClose} tabs={tabs} size="md">
      <div className={styles.json}>
        <JSONFormatter json={contentOf(view, data)} open={4} />
      </div>
    </Drawer>
  );
}

function contentOf(view: View, data: PanelData): object {
  switch (view) {
    case 'stats':
      return { frames: data.series.length, rows: rowsIn(data.series), state: data.state };
    case 'meta':
      return data.series.map(({ name, refId, length, meta }) => ({ name, refId, rows: length, meta }));
    case 'query':
      return data.request?.targets ?? [];
  }
}

function rowsIn(frames: DataFrame[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}

const getStyles = (theme: GrafanaTheme2) => ({
  json: css({ padding: theme.spacing(1), fontFamily: theme.typography.fontFamilyMonospace }),
});
