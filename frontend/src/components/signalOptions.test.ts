import { SignalEntry } from '../datasource/resources';
import { heatmapOptions, signalOptions } from './signalOptions';

const signal = (name: string, table: string, heatmap: boolean): SignalEntry => {
  return { name, title: name, unit: '', table, description: 'About it', heatmap };
};
const SIGNALS = [
  signal('request_rate', 'requests', false),
  signal('latency_p50', 'requests', true),
  signal('latency_p99', 'requests', true),
  signal('request_bytes', 'requests', true),
  signal('dns_latency_p95', 'requests', true),
];

it('signals are grouped by what they are about', () => {
  expect(signalOptions(SIGNALS).map(({ value, group }) => `${group}: ${value}`)).toEqual([
    'Requests: request_rate',
    'Requests: latency_p50',
    'Requests: latency_p99',
    'Requests: request_bytes',
    'DNS: dns_latency_p95',
  ]);
});

it('a heatmap is of each latency and size once', () => {
  expect(heatmapOptions(SIGNALS).map(({ value }) => value)).toEqual(['latency', 'request_bytes', 'dns_latency']);
});
