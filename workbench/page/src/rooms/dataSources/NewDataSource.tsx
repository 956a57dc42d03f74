import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { Alert, Card, useStyles2 } from '@grafana/ui';
import { useState } from 'react';

import { backendService, messageOf } from '../../host/backendService';
import type { SavedDataSource } from '../../host/dataSourceService';
import { useBench } from '../../shell/context';

/** Choosing a plugin makes a data source with its name; there is but one plugin here. */
export function NewDataSource() {
  const styles = useStyles2(getStyles);
  const { plugin, sources } = useBench();
  const [error, setError] = useState<unknown>();
  const add = async () => {
    try {
      const name = freeName(
        plugin.meta.name,
        sources.all().map((source) => source.name)
      );
      const body = { name, type: plugin.meta.id, access: 'proxy' };
      const { datasource } = await backendService.post<{ datasource: SavedDataSource }>('/api/datasources', body);
      await sources.reload();
      locationService.push(`/connections/datasources/edit/${datasource.uid}`);
    } catch (cause) {
      setError(cause);
    }
  };
  return (
    <div className={styles.list}>
      {error !== undefined && <Alert title="The data source could not be added">{messageOf(error)}</Alert>}
      <Card onClick={() => void add()}>
        <Card.Heading>{plugin.meta.name}</Card.Heading>
        <Card.Description>{plugin.meta.info.description}</Card.Description>
        <Card.Figure>
          <img src={plugin.meta.info.logos.large} alt="" width={40} height={40} />
        </Card.Figure>
      </Card>
    </div>
  );
}

function freeName(wanted: string, taken: string[]): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!taken.includes(name)) {
      return name;
    }
  }
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ padding: theme.spacing(2), maxWidth: 900 }),
});
