/** The modules that Grafana shares with plugins, put where the plugin's AMD loader finds them. */
import 'systemjs/dist/system.js';
import 'systemjs/dist/extras/amd.js';

import * as emotionCss from '@emotion/css';
import * as emotionReact from '@emotion/react';
import * as grafanaData from '@grafana/data';
import * as grafanaI18n from '@grafana/i18n';
import * as grafanaRuntime from '@grafana/runtime';
import * as grafanaSchema from '@grafana/schema';
import * as grafanaUi from '@grafana/ui';
import * as i18next from 'i18next';
import * as lodash from 'lodash';
import * as moment from 'moment';
import * as react from 'react';
import * as reactDom from 'react-dom';
import * as reactJsxRuntime from 'react/jsx-runtime';
import * as rxjs from 'rxjs';
import * as rxjsOperators from 'rxjs/operators';

type Module = Record<string, unknown>;

/** The part of SystemJS that is used here. */
interface ModuleLoader {
  set(id: string, module: Module): void;
  import(url: string): Promise<Module>;
  constructor: { prototype: { resolve(id: string, parent?: string): string } };
}

declare global {
  interface Window {
    System: ModuleLoader;
  }
}

const SHARED: Record<string, object> = {
  '@emotion/css': emotionCss,
  '@emotion/react': emotionReact,
  '@grafana/data': grafanaData,
  '@grafana/i18n': grafanaI18n,
  '@grafana/runtime': grafanaRuntime,
  '@grafana/schema': grafanaSchema,
  '@grafana/ui': grafanaUi,
  i18next,
  lodash,
  moment,
  react,
  'react-dom': reactDom,
  'react/jsx-runtime': reactJsxRuntime,
  'react/jsx-dev-runtime': reactJsxRuntime,
  rxjs,
  'rxjs/operators': rxjsOperators,
};

const SCHEME = 'grafana:';

/** Loads an AMD module that may ask for the shared ones by their bare names. */
export function importModule(url: string): Promise<Module> {
  return window.System.import(url);
}

export function shareModules(): void {
  for (const [name, module] of Object.entries(SHARED)) {
    const { default: own } = module as { default?: unknown };
    window.System.set(SCHEME + name, { ...module, default: own ?? module, __useDefault: own });
  }
  const loader = window.System.constructor.prototype;
  const resolve = loader.resolve;
  loader.resolve = function (id, parent) {
    return id in SHARED ? SCHEME + id : resolve.call(this, id, parent);
  };
}
