import { css } from '@emotion/css';
import {
  CoreApp,
  type DataQuery,
  type DataSourceApi,
  type GrafanaTheme2,
  type PanelData,
  type TimeRange,
} from '@grafana/data';
import { ErrorBoundaryAlert, useStyles2 } from '@grafana/ui';

interface Props {
  source: DataSourceApi;
  query: DataQuery;
  data: PanelData | undefined;
  range: TimeRange;
  onChange(query: DataQuery): void;
  onRunQuery(): void;
}

/** The plugin's query editor under its letter. */
export function QueryRow({ source, query, data, range, onChange, onRunQuery }: Props) {
  const styles = useStyles2(getStyles);
  const Editor = source.components?.QueryEditor;
  return (
    <section className={styles.row} aria-label={`Query ${query.refId}`}>
      <div className={styles.head}>
        <b>{query.refId}</b>
        <span>({source.name})</span>
      </div>
      <div className={styles.editor}>
        <ErrorBoundaryAlert>
          {Editor && (
            <Editor
              datasource={source}
              query={query}
              data={data}
              range={range}
              app={CoreApp.Explore}
              onChange={onChange}
              onRunQuery={onRunQuery}
            />
          )}
        </ErrorBoundaryAlert>
      </div>
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.primary,
  }),
  head: css({
    display: 'flex',
    gap: theme.spacing(1),
    padding: theme.spacing(0.75, 1.5),
    background: theme.colors.background.secondary,
    '& b': { color: theme.colors.primary.text, fontWeight: theme.typography.fontWeightMedium },
    '& span': { color: theme.colors.text.secondary, fontStyle: 'italic' },
  }),
  editor: css({ padding: theme.spacing(1.5) }),
});
