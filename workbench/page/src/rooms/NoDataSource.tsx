import { locationService } from '@grafana/runtime';
import { Button, EmptyState } from '@grafana/ui';

export function NoDataSource() {
  const add = <Button onClick={() => locationService.push('/connections/datasources/new')}>Add data source</Button>;
  return <EmptyState variant="call-to-action" message="No data source is set up yet" button={add} />;
}
