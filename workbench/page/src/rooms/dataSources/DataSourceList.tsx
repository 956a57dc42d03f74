import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { Button, Card, useStyles2 } from '@grafana/ui';

import { useBench } from '../../shell/context';
import { NoDataSource } from '../NoDataSource';

export function DataSourceList() {
  const styles = useStyles2(getStyles);
  const { plugin, sources } = useBench();
  if (sources.all().length === 0) {
    return <NoDataSource />;
  }
  return (
    <div className={styles.list}>
      <div className={styles.head}>
        <Button icon="plus" onClick={() => locationService.push('/connections/datasources/new')}>
          Add new data source
        </Button>
      </div>
      {sources.all().map(({ uid, name, jsonData }) => (
        <Card key={uid} onClick={() => locationService.push(`/connections/datasources/edit/${uid}`)}>
          <Card.Heading>{name}</Card.Heading>
          <Card.Figure>
            <img src={plugin.meta.info.logos.small} alt="" width={40} height={40} />
          </Card.Figure>
          <Card.Meta>{[plugin.meta.name, ...((jsonData.nodes as string[] | undefined) ?? [])]}</Card.Meta>
        </Card>
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ padding: theme.spacing(2), maxWidth: 900 }),
  head: css({ display: 'flex', justifyContent: 'flex-end', marginBottom: theme.spacing(2) }),
});
