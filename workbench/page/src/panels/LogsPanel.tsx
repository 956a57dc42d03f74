import { css } from '@emotion/css';
import { type DataFrame, dateTimeFormat, type GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { useState } from 'react';

import type { PanelProps } from './panelProps';

const TIME_FORMAT = 'YYYY-MM-DD HH:mm:ss.SSS';

interface LogLine {
  time: number;
  body: string;
  severity: string;
  labels: Record<string, string>;
}

/** Log lines, newest first as they came; a click shows a line's labels. */
export function LogsPanel({ data, height }: PanelProps) {
  const styles = useStyles2(getStyles);
  const lines = data.series.flatMap(linesOf);
  return (
    <div className={styles.lines} style={{ height }} role="log" aria-label="Log lines">
      {lines.map((line, index) => (
        <Line key={index} line={line} />
      ))}
    </div>
  );
}

function Line({ line }: { line: LogLine }) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const [open, setOpen] = useState(false);
  return (
    <div className={styles.line} style={{ borderLeftColor: colorOf(line.severity, theme) }}>
      <button type="button" className={styles.head} aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className={styles.time}>{dateTimeFormat(line.time, { format: TIME_FORMAT })}</span>
        <span>{line.body}</span>
      </button>
      {open && (
        <dl className={styles.labels}>
          {Object.entries(line.labels).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function linesOf(frame: DataFrame): LogLine[] {
  const values = (name: string): unknown[] => frame.fields.find((field) => field.name === name)?.values ?? [];
  const [times, bodies, severities, labels] = ['timestamp', 'body', 'severity', 'labels'].map(values);
  return times.map((time, row) => ({
    time: Number(time),
    body: String(bodies[row] ?? ''),
    severity: String(severities[row] ?? ''),
    labels: parseLabels(labels[row]),
  }));
}

function parseLabels(labels: unknown): Record<string, string> {
  if (typeof labels !== 'string') {
    return (labels ?? {}) as Record<string, string>;
  }
  try {
    return JSON.parse(labels) as Record<string, string>;
  } catch {
    return { labels };
  }
}

function colorOf(severity: string, theme: GrafanaTheme2): string {
  const { visualization } = theme;
  switch (severity.toLowerCase()) {
    case 'critical':
      return visualization.getColorByName('purple');
    case 'error':
      return visualization.getColorByName('red');
    case 'warn':
    case 'warning':
      return visualization.getColorByName('yellow');
    case 'info':
      return visualization.getColorByName('green');
    default:
      return theme.colors.border.strong;
  }
}

const getStyles = (theme: GrafanaTheme2) => ({
  lines: css({
    overflow: 'auto',
    fontFamily: theme.typography.fontFamilyMonospace,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  line: css({ borderLeft: '3px solid transparent', marginBottom: 1 }),
  head: css({
    all: 'unset',
    display: 'flex',
    gap: theme.spacing(2),
    width: '100%',
    padding: theme.spacing(0.25, 1),
    cursor: 'pointer',
    whiteSpace: 'pre-wrap',
    '&:hover': { background: theme.colors.action.hover },
    '&:focus-visible': { outline: `1px solid ${theme.colors.primary.main}` },
  }),
  time: css({ color: theme.colors.text.secondary, flexShrink: 0 }),
  labels: css({
    margin: theme.spacing(0.5, 2, 1),
    '& > div': { display: 'flex', gap: theme.spacing(2) },
    '& dt': { minWidth: 220, color: theme.colors.text.secondary, fontWeight: 'normal' },
    '& dd': { margin: 0 },
  }),
});
