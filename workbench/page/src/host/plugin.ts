import type { DataSourceApi, DataSourcePlugin, DataSourcePluginMeta } from '@grafana/data';

import { backendService } from './backendService';
import { importModule } from './sharedModules';

export type Plugin = DataSourcePlugin<DataSourceApi>;

/** A dashboard that the plugin brings along. */
export interface IncludedDashboard {
  name: string;
  path: string;
}

/** Loads the one plugin that the server runs, as Grafana loads plugins: its settings, then its module. */
export async function loadPlugin(): Promise<Plugin> {
  const [{ id }] = await backendService.get<Array<{ id: string }>>('/api/plugins');
  const meta = await backendService.get<DataSourcePluginMeta>(`/api/plugins/${id}/settings`);
  meta.info.logos = {
    small: `${meta.baseUrl}/${meta.info.logos.small}`,
    large: `${meta.baseUrl}/${meta.info.logos.large}`,
  };
  const module = await importModule(`${window.location.origin}/${meta.module}`);
  const plugin = module.plugin as Plugin;
  plugin.meta = meta;
  return plugin;
}

export function includedDashboards(plugin: Plugin): IncludedDashboard[] {
  const dashboards = (plugin.meta.includes ?? []).filter(({ type }) => String(type) === 'dashboard');
  return dashboards.map(({ name, path }) => ({ name, path: `/${plugin.meta.baseUrl}/${path}` }));
}
