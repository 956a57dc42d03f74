import type { DataSourceApi, DataSourceInstanceSettings, DataSourceRef, ScopedVars } from '@grafana/data';
import { type DataSourceSrv, getTemplateSrv } from '@grafana/runtime';

import { Subject } from 'rxjs';

import { backendService } from './backendService';
import type { Plugin } from './plugin';

/** A data source as the server tells of it. */
export interface SavedDataSource {
  id: number;
  uid: string;
  name: string;
  type: string;
  url: string;
  version: number;
  isDefault: boolean;
  readOnly: boolean;
  jsonData: Record<string, unknown>;
  secureJsonFields: Record<string, boolean>;
}

type Reference = string | DataSourceRef | null | undefined;

/** The data sources that are set up, and their instances of the plugin. */
export class DataSources {
  /** Says that the list, or one of the list, is another now. */
  readonly changes = new Subject<void>();
  private saved: SavedDataSource[] = [];
  private instances = new Map<string, DataSourceApi>();

  constructor(private readonly plugin: Plugin) {}

  /** Reads what the server has. Instances of changed settings are built anew when they are next asked for. */
  async reload(): Promise<void> {
    this.saved = await backendService.get<SavedDataSource[]>('/api/datasources');
    this.instances.clear();
    this.changes.next();
  }

  all(): SavedDataSource[] {
    return this.saved;
  }

  find(reference: Reference, scopedVars?: ScopedVars): SavedDataSource | undefined {
    const asked = typeof reference === 'string' ? reference : reference?.uid;
    const name = asked && getTemplateSrv().replace(asked, scopedVars);
    if (!name || name === 'default') {
      return this.saved[0];
    }
    return this.saved.find(({ uid }) => uid === name) ?? this.saved.find((source) => source.name === name);
  }

  settings(saved: SavedDataSource): DataSourceInstanceSettings {
    const { id, uid, name, type, url, isDefault, readOnly, jsonData } = saved;
    return { id, uid, name, type, url, isDefault, readOnly, jsonData, access: 'proxy', meta: this.plugin.meta };
  }

  instance(saved: SavedDataSource): DataSourceApi {
    const known = this.instances.get(saved.uid);
    if (known) {
      return known;
    }
    const built = new this.plugin.DataSourceClass(this.settings(saved));
    built.meta = this.plugin.meta;
    built.components = this.plugin.components;
    this.instances.set(saved.uid, built);
    return built;
  }

  /** The same in the words of Grafana's service. */
  service(): DataSourceSrv {
    const found = (reference: Reference, scopedVars?: ScopedVars) => {
      const saved = this.find(reference, scopedVars);
      if (!saved) {
        throw new Error(`There is no data source ${JSON.stringify(reference)}`);
      }
      return saved;
    };
    return {
      get: async (reference, scopedVars) => this.instance(found(reference, scopedVars)),
      getInstanceSettings: (reference, scopedVars) => {
        const saved = this.find(reference, scopedVars);
        return saved && this.settings(saved);
      },
      getList: (filters) => {
        const wanted = this.saved.filter(({ type }) => !filters?.type || [filters.type].flat().includes(type));
        return wanted.map((saved) => this.settings(saved));
      },
      reload: () => void this.reload(),
      registerRuntimeDataSource: () => undefined,
    };
  }
}
