import { css } from '@emotion/css';
import { type DataFrame, getValueFormat, formattedValueToString, type GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';

import type { PanelProps } from './panelProps';

interface Span {
  id: string;
  parent: string;
  service: string;
  operation: string;
  startMs: number;
  durationMs: number;
  failed: boolean;
  depth: number;
}

/** A trace's spans as bars along its time, each under the one that called it. */
export function TracePanel({ data, height }: PanelProps) {
  const styles = useStyles2(getStyles);
  const spans = data.series.flatMap(spansOf);
  const begin = Math.min(...spans.map(({ startMs }) => startMs));
  const end = Math.max(...spans.map(({ startMs, durationMs }) => startMs + durationMs));
  return (
    <div className={styles.trace} style={{ height }} role="table" aria-label="Trace">
      {inOrder(spans).map((span) => (
        <SpanRow key={span.id} span={span} begin={begin} length={Math.max(end - begin, Number.EPSILON)} />
      ))}
    </div>
  );
}

function SpanRow({ span, begin, length }: { span: Span; begin: number; length: number }) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const color = span.failed ? theme.colors.error.main : colorOf(span.service, theme);
  const left = ((span.startMs - begin) / length) * 100;
  const width = Math.max((span.durationMs / length) * 100, 0.2);
  return (
    <div className={styles.row} role="row">
      <div className={styles.name} role="cell" style={{ paddingLeft: theme.spacing(1 + 2 * span.depth) }}>
        <b>{span.service}</b> <span>{span.operation}</span>
      </div>
      <div className={styles.lane} role="cell">
        <div className={styles.bar} style={{ left: `${left}%`, width: `${width}%`, background: color }} />
      </div>
      <div className={styles.duration} role="cell">
        {formattedValueToString(getValueFormat('ms')(span.durationMs))}
      </div>
    </div>
  );
}

function spansOf(frame: DataFrame): Span[] {
  const values = (name: string): unknown[] => frame.fields.find((field) => field.name === name)?.values ?? [];
  const names = ['parentSpanID', 'serviceName', 'operationName', 'startTime', 'duration', 'statusCode'];
  const [parents, services, operations, starts, durations, statuses] = names.map(values);
  return values('spanID').map((id, row) => ({
    id: String(id),
    parent: String(parents[row] ?? ''),
    service: String(services[row] ?? ''),
    operation: String(operations[row] ?? ''),
    startMs: Number(starts[row]),
    durationMs: Number(durations[row]),
    // OpenTelemetry's status code for an error.
    failed: Number(statuses[row]) === 2,
    depth: 0,
  }));
}

/** Callers before the called, by their start; a span whose caller is not here is at the top. */
function inOrder(spans: Span[]): Span[] {
  const known = new Set(spans.map(({ id }) => id));
  const under = (parent: string, depth: number): Span[] =>
    spans
      .filter((span) => (known.has(span.parent) && span.parent !== span.id ? span.parent : '') === parent)
      .sort((a, b) => a.startMs - b.startMs)
      .flatMap((span) => [{ ...span, depth }, ...under(span.id, depth + 1)]);
  return under('', 0);
}

function colorOf(service: string, theme: GrafanaTheme2): string {
  const { palette } = theme.visualization;
  const sum = Array.from(service).reduce((total, letter) => total * 31 + letter.charCodeAt(0), 7);
  return theme.visualization.getColorByName(palette[Math.abs(sum) % palette.length]);
}

const getStyles = (theme: GrafanaTheme2) => ({
  trace: css({ overflow: 'auto' }),
  row: css({ display: 'flex', alignItems: 'center', height: 28, '&:hover': { background: theme.colors.action.hover } }),
  name: css({
    width: '32%',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    '& span': { color: theme.colors.text.secondary },
  }),
  lane: css({ position: 'relative', flex: 1, height: '100%', borderLeft: `1px solid ${theme.colors.border.weak}` }),
  bar: css({ position: 'absolute', top: 8, height: 12, borderRadius: 2 }),
  duration: css({ width: 90, textAlign: 'right', paddingRight: theme.spacing(1), color: theme.colors.text.secondary }),
});
