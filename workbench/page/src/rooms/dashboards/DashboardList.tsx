import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { Card, Icon, useStyles2 } from '@grafana/ui';

import { includedDashboards } from '../../host/plugin';
import { useBench } from '../../shell/context';

/** The dashboards that the plugin brings along. */
export function DashboardList() {
  const styles = useStyles2(getStyles);
  const { plugin } = useBench();
  return (
    <div className={styles.list}>
      {includedDashboards(plugin).map((dashboard, index) => (
        <Card key={dashboard.path} onClick={() => locationService.push(`/dashboards/${index}`)}>
          <Card.Heading>{dashboard.name}</Card.Heading>
          <Card.Figure>
            <Icon name="apps" size="xl" />
          </Card.Figure>
        </Card>
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ padding: theme.spacing(2), maxWidth: 900 }),
});
