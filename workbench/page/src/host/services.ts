import { createTheme, EventBusSrv, type GrafanaTheme2 } from '@grafana/data';
import {
  config,
  setAppEvents,
  setBackendSrv,
  setCurrentUser,
  setDataSourceSrv,
  setEchoSrv,
  setGrafanaLiveSrv,
  setPluginLinksHook,
  setTemplateSrv,
} from '@grafana/runtime';

import { backendService } from './backendService';
import { DataSources } from './dataSourceService';
import { registerFieldOptions } from './fieldOptions';
import { LiveService } from './liveService';
import type { Plugin } from './plugin';
import { TemplateService } from './templateService';

/** What the page has from its host, beside what the plugin gets through @grafana/runtime. */
export interface Host {
  theme: GrafanaTheme2;
  templates: TemplateService;
}

/** Sets the services that plugins ask @grafana/runtime for. Must run before the plugin is loaded. */
export function startServices(): Host {
  const theme = createTheme({ colors: { mode: 'dark' } });
  const templates = new TemplateService();
  config.theme2 = theme;
  config.buildInfo.version = '12.4.10';
  setBackendSrv(backendService);
  setTemplateSrv(templates);
  setGrafanaLiveSrv(new LiveService());
  setAppEvents(new EventBusSrv());
  setEchoSrv({ flush: () => undefined, addBackend: () => undefined, addEvent: () => undefined });
  setPluginLinksHook(() => ({ links: [], isLoading: false }));
  setCurrentUser({ isSignedIn: true } as Parameters<typeof setCurrentUser>[0]);
  registerFieldOptions();
  return { theme, templates };
}

export async function startDataSources(plugin: Plugin): Promise<DataSources> {
  const sources = new DataSources(plugin);
  await sources.reload();
  setDataSourceSrv(sources.service());
  return sources;
}
