import {
  CoreApp,
  CustomVariableSupport,
  type DataQuery,
  type DataSourceApi,
  type MetricFindValue,
  type TimeRange,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

import type { DataSources } from '../../host/dataSourceService';
import { ALL, type TemplateService, type Variable } from '../../host/templateService';
import type { VariableModel } from './model';

/** What the user chose, by variable. */
export type Choices = Record<string, string[]>;

interface Surroundings {
  sources: DataSources;
  templates: TemplateService;
  range: TimeRange;
}

/** Finds each variable's values, in order, because a later one's query may name an earlier one. */
export async function findVariables(
  models: VariableModel[],
  choices: Choices,
  around: Surroundings
): Promise<Variable[]> {
  const found: Variable[] = [];
  for (const model of models.filter(({ type }) => type !== 'adhoc')) {
    around.templates.use(found);
    const options = await optionsOf(model, around);
    found.push(toVariable(model, options, choices[model.name]));
  }
  around.templates.use(found);
  return found;
}

async function optionsOf(model: VariableModel, around: Surroundings): Promise<string[]> {
  switch (model.type) {
    case 'datasource':
      return around.sources
        .all()
        .filter(({ type }) => type === model.query)
        .map(({ uid }) => uid);
    case 'query':
      return sorted(await queried(model, around), model.sort);
    default:
      return String(model.query ?? '')
        .split(',')
        .map((option) => option.trim());
  }
}

async function queried(model: VariableModel, { sources, range }: Surroundings): Promise<string[]> {
  const saved = sources.find(model.datasource);
  if (!saved) {
    return [];
  }
  const values = await ask(sources.instance(saved), model.query as DataQuery, range);
  return [...new Set(values.map(({ value, text }) => String(value ?? text)))];
}

/** Asks by the variable support that the plugin has, as Grafana does, else in the old way. */
async function ask(source: DataSourceApi, query: DataQuery, range: TimeRange): Promise<MetricFindValue[]> {
  if (!(source.variables instanceof CustomVariableSupport)) {
    return (await source.metricFindQuery?.(query, { range })) ?? [];
  }
  const answers = source.variables.query({
    requestId: `V${query.refId}`,
    app: CoreApp.Dashboard,
    targets: [query],
    range,
    rangeRaw: range.raw,
    scopedVars: {},
    interval: '1s',
    intervalMs: 1000,
    maxDataPoints: 1000,
    timezone: 'browser',
    startTime: Date.now(),
  });
  return (await lastValueFrom(answers)).data as unknown as MetricFindValue[];
}

function sorted(values: string[], sort = 0): string[] {
  const byName = [...values].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  return sort === 0 ? values : sort % 2 === 1 ? byName : byName.reverse();
}

/** What was chosen before stays chosen as long as there is such a value. */
function toVariable(model: VariableModel, options: string[], choice?: string[]): Variable {
  const { name, type, allValue } = model;
  const includeAll = Boolean(model.includeAll);
  const wanted = choice ?? [model.current?.value ?? []].flat();
  const known = wanted.filter((value) => options.includes(value) || (includeAll && value === ALL));
  const fallback = includeAll ? [ALL] : options.slice(0, 1);
  const chosen = known.length > 0 ? known : fallback;
  return { name, type, allValue, includeAll, options, chosen, label: model.label ?? name, multi: Boolean(model.multi) };
}

/** A choice with "All" in it is either that alone or, if it was there before, all but that. */
export function withoutMixedAll(before: string[], now: string[]): string[] {
  if (now.length === 0) {
    return [ALL];
  }
  const added = now.filter((value) => !before.includes(value));
  return added.includes(ALL) ? [ALL] : now.filter((value) => value !== ALL);
}
