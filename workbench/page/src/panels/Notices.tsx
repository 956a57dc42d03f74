import { css } from '@emotion/css';
import type { DataFrame, GrafanaTheme2, IconName, QueryResultMetaNotice } from '@grafana/data';
import { Icon, Tooltip, useStyles2, useTheme2 } from '@grafana/ui';

const ICONS: Record<QueryResultMetaNotice['severity'], IconName> = {
  error: 'exclamation-triangle',
  warning: 'exclamation-triangle',
  info: 'file-landscape-alt',
};

/** The notices of an answer, each an icon beside the panel's title that tells its text. */
export function Notices({ frames }: { frames: DataFrame[] }) {
  const notices = distinct(frames.flatMap(({ meta }) => meta?.notices ?? []));
  return notices.map((notice) => <NoticeIcon key={notice.severity + notice.text} notice={notice} />);
}

function NoticeIcon({ notice }: { notice: QueryResultMetaNotice }) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const color = notice.severity === 'info' ? theme.colors.text.secondary : theme.colors[notice.severity].text;
  return (
    <Tooltip content={notice.text} theme={notice.severity === 'error' ? 'error' : 'info'} interactive>
      <span
        className={styles.notice}
        style={{ color }}
        role="img"
        tabIndex={0}
        aria-label={notice.text}
        data-notice={notice.severity}
      >
        <Icon name={ICONS[notice.severity]} />
      </span>
    </Tooltip>
  );
}

/** All frames of an answer may bear the same notice. */
function distinct(notices: QueryResultMetaNotice[]): QueryResultMetaNotice[] {
  return [...new Map(notices.map((notice) => [notice.severity + notice.text, notice])).values()];
}

const getStyles = (theme: GrafanaTheme2) => ({
  notice: css({ display: 'inline-flex', alignItems: 'center', padding: theme.spacing(0, 0.5), cursor: 'help' }),
});
