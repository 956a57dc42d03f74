/** Grafana's standard field options, which its app registers and no package does. */
import {
  booleanOverrideProcessor,
  createFieldConfigRegistry,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  type FieldConfigOptionsRegistry,
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';

type Processor = FieldConfigPropertyItem['process'];

const STANDARD: Record<string, unknown> = {
  displayName: displayNameOverrideProcessor,
  unit: unitOverrideProcessor,
  min: numberOverrideProcessor,
  max: numberOverrideProcessor,
  decimals: numberOverrideProcessor,
  fieldMinMax: booleanOverrideProcessor,
  noValue: stringOverrideProcessor,
  color: identityOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
  links: dataLinksOverrideProcessor,
  filterable: booleanOverrideProcessor,
};

export function registerFieldOptions(): void {
  standardEditorsRegistry.setInit(() => []);
  standardFieldConfigEditorRegistry.setInit(() => []);
}

/** A registry of the standard options and of those of its own that the panel's settings name. */
export function registryFor({ defaults, overrides }: FieldConfigSource): FieldConfigOptionsRegistry {
  const registry = createFieldConfigRegistry({}, 'workbench');
  for (const [path, process] of Object.entries(STANDARD)) {
    registry.register(option(path, process as Processor, false));
  }
  const named = overrides.flatMap(({ properties }) => properties.map(({ id }) => id));
  const custom = named.filter((id) => id.startsWith('custom.')).map((id) => id.slice('custom.'.length));
  for (const path of new Set([...Object.keys(defaults.custom ?? {}), ...custom])) {
    registry.register(option(path, identityOverrideProcessor as Processor, true));
  }
  return registry;
}

function option(path: string, process: Processor, isCustom: boolean): FieldConfigPropertyItem {
  const nothing = () => null;
  const id = isCustom ? `custom.${path}` : path;
  return { id, path, name: id, isCustom, process, editor: nothing, override: nothing, shouldApply: () => true };
}
