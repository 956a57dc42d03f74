import { ComboboxOption } from '@grafana/ui';

import { SignalEntry } from '../datasource/resources';

const SUBJECTS: Record<string, string> = {
  requests: 'Requests',
  flows: 'Connections',
  drops: 'Drops',
  saturation: 'Saturation',
};

/** Quantiles of one measure. A heatmap shows all its values, so there the measure's own name says it best. */
const QUANTILE = /^(latency|rtt|connect_latency|dns_latency)_(p\d+|avg|max)$/;

export function signalOptions(signals: readonly SignalEntry[]): Array<ComboboxOption<string>> {
  return signals.map((signal) => {
    return { value: signal.name, label: signal.name, description: describe(signal), group: subjectOf(signal) };
  });
}

/** What a heatmap can be of: each latency and size once. */
export function heatmapOptions(signals: readonly SignalEntry[]): Array<ComboboxOption<string>> {
  const options = signals.filter(({ heatmap }) => heatmap).map(toMeasure);
  return Array.from(new Map(options.map((option) => [option.value, option])).values());
}

function toMeasure(signal: SignalEntry): ComboboxOption<string> {
  const name = signal.name.replace(QUANTILE, '$1');
  const description = name === signal.name ? describe(signal) : 'All values';
  return { value: name, label: name, description, group: subjectOf(signal) };
}

function subjectOf({ name, table }: SignalEntry): string {
  return name.startsWith('dns_') ? 'DNS' : (SUBJECTS[table] ?? table);
}

function describe({ title, description }: SignalEntry): string {
  return [title, description].filter(Boolean).join(': ');
}
