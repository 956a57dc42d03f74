import type { ReactNode } from 'react';

import { includedDashboards } from '../host/plugin';
import { DashboardList } from '../rooms/dashboards/DashboardList';
import { DashboardRoom } from '../rooms/dashboards/DashboardRoom';
import { DataSourceList } from '../rooms/dataSources/DataSourceList';
import { EditDataSource } from '../rooms/dataSources/EditDataSource';
import { NewDataSource } from '../rooms/dataSources/NewDataSource';
import { ExploreRoom } from '../rooms/ExploreRoom';
import type { Bench } from './context';

/** What is shown at an address. */
export interface Room {
  /** The way here, as the page's head tells it. */
  trail: Array<{ text: string; href?: string }>;
  content: ReactNode;
}

const DASHBOARDS = { text: 'Dashboards', href: '/dashboards' };
const DATA_SOURCES = { text: 'Data sources', href: '/connections/datasources' };

export function roomAt(path: string, bench: Bench): Room {
  const [place, ...rest] = path.split('/').filter((part) => part !== '');
  switch (place) {
    case 'explore':
      return { trail: [{ text: 'Explore' }], content: <ExploreRoom /> };
    case 'connections':
      return dataSourceRoom(rest[1], rest[2], bench);
    default:
      return dashboardRoom(rest[0], bench);
  }
}

function dashboardRoom(index: string | undefined, { plugin }: Bench): Room {
  const included = index === undefined ? undefined : includedDashboards(plugin)[Number(index)];
  if (!included) {
    return { trail: [{ text: DASHBOARDS.text }], content: <DashboardList /> };
  }
  return {
    trail: [DASHBOARDS, { text: included.name }],
    content: <DashboardRoom key={included.path} included={included} />,
  };
}

function dataSourceRoom(action: string | undefined, uid: string | undefined, { sources }: Bench): Room {
  if (action === 'new') {
    return { trail: [DATA_SOURCES, { text: 'Add data source' }], content: <NewDataSource /> };
  }
  const saved = sources.all().find((source) => source.uid === uid);
  if (!saved) {
    return { trail: [{ text: DATA_SOURCES.text }], content: <DataSourceList /> };
  }
  return { trail: [DATA_SOURCES, { text: saved.name }], content: <EditDataSource key={uid} saved={saved} /> };
}
