import { DataSourcePlugin } from '@grafana/data';

import { GoldwireDataSource } from './datasource/datasource';
import { ConfigEditor } from './editors/config/ConfigEditor';
import { QueryEditor } from './editors/QueryEditor';
import { GoldwireOptions, GoldwireQuery, GoldwireSecrets } from './query/model';

export const plugin = new DataSourcePlugin<GoldwireDataSource, GoldwireQuery, GoldwireOptions, GoldwireSecrets>(
  GoldwireDataSource
)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor);
