import { createContext, useContext } from 'react';

import type { DataSources } from '../host/dataSourceService';
import type { Plugin } from '../host/plugin';
import type { TemplateService } from '../host/templateService';

/** What every room needs of the host. */
export interface Bench {
  plugin: Plugin;
  sources: DataSources;
  templates: TemplateService;
}

const BenchContext = createContext<Bench | undefined>(undefined);

export const BenchProvider = BenchContext.Provider;

export function useBench(): Bench {
  const bench = useContext(BenchContext);
  if (!bench) {
    throw new Error('a room is drawn outside of the workbench');
  }
  return bench;
}
