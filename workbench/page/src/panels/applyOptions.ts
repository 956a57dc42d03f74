import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  type DataFrame,
  type FieldConfigSource,
  type GrafanaTheme2,
} from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';

import { registryFor } from '../host/fieldOptions';

/** Gives the fields their units, colours, names, thresholds and links, as Grafana does before it draws. */
export function applyOptions(frames: DataFrame[], fieldConfig: FieldConfigSource, theme: GrafanaTheme2): DataFrame[] {
  const applied = applyFieldOverrides({
    data: frames,
    fieldConfig,
    fieldConfigRegistry: registryFor(fieldConfig),
    replaceVariables: (text, scopedVars, format) => getTemplateSrv().replace(text, scopedVars, format),
    theme,
    timeZone: 'browser',
  });
  cacheFieldDisplayNames(applied);
  return applied;
}
