import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';

import { interpolateFilter } from '../filter/interpolate';
import { parseFilter } from '../filter/parse';
import { GoldwireQuery } from '../query/model';
import plugin from '../plugin.json';
import { isComplete, prune } from '../query/shape';

const HERE = __dirname;
const PROVISIONED = join(HERE, '..', '..', '..', 'provisioning', 'dashboards');
const NAMES = readdirSync(HERE).filter((name) => name.endsWith('.json'));

const SIGNALS = new Set(
  `request_rate error_rate error_ratio client_closed_rate client_closed_ratio latency_p50 latency_p90 latency_p95
  latency_p99 latency_avg latency_max request_bytes response_bytes bytes_sent bytes_received packets_sent packets_received retransmit_rate
  retransmit_ratio rtt_p50 rtt_p95 rtt_p99 connect_rate connect_failure_rate connect_latency_p95 reset_rate
  active_connections drop_rate dns_rate dns_error_rate dns_latency_p95 accept_queue_overflow_rate zero_window_rate
  network_time_p95 latency`.split(/\s+/)
);

interface Panel {
  title: string;
  type: string;
  targets?: GoldwireQuery[];
  datasource?: unknown;
  gridPos: { x: number; y: number; w: number; h: number };
}

interface Variable {
  name: string;
  type: string;
  query: GoldwireQuery;
  multi?: boolean;
  includeAll?: boolean;
  datasource?: unknown;
}

interface Dashboard {
  uid: string;
  panels: Panel[];
  templating: { list: Variable[] };
}

const ANY_GOLDWIRE = { type: plugin.id, uid: '${datasource}' };

describe.each(NAMES)('%s', (name) => {
  const text = readFileSync(join(HERE, name), 'utf8');
  const dashboard: Dashboard = JSON.parse(text);
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const queries = panels.flatMap((panel) => panel.targets ?? []);
  const variables = new Map(dashboard.templating.list.map((variable) => [variable.name, variable]));

  it('is provisioned as it is', () => {
    expect(readFileSync(join(PROVISIONED, name), 'utf8')).toBe(text);
  });

  it('is among those that the plugin brings', () => {
    expect(plugin.includes.map(({ path }) => path)).toContain(`dashboards/${name}`);
  });

  it('asks only what the nodes understand', () => {
    expect(queries.length).toBeGreaterThan(0);
    for (const query of queries) {
      expect(query).toEqual(prune(query));
      expect(isComplete(query)).toBe(true);
      expect(
        [...(query.signals ?? []), ...(query.signal ? [query.signal] : [])].filter((one) => !SIGNALS.has(one))
      ).toEqual([]);
    }
  });

  it('has filters that can be read, of variables that exist', () => {
    const filters = [...queries, ...dashboard.templating.list.map(({ query }) => query)].map((query) => query?.filter);
    for (const filter of filters.filter((one) => one !== undefined)) {
      expect(parseFilter(filter)).toBeDefined();
      const named = Array.from(filter.matchAll(/\$(\w+)/g), ([, variable]) => variable);
      expect(named.filter((variable) => !variables.has(variable))).toEqual([]);
    }
  });

  it('leaves nothing out where all is chosen, so that it works without namespaces', () => {
    for (const { filter } of queries) {
      const left = interpolateFilter(filter ?? '', () => ({ kind: 'all' }));
      expect(left).not.toMatch(/\$|namespace|workload/);
      expect(left === '' || parseFilter(left) !== undefined).toBe(true);
    }
  });

  it('asks whichever data source is chosen', () => {
    expect(variables.get('datasource')).toMatchObject({ type: 'datasource', query: plugin.id });
    for (const part of [...panels, ...queries, variables.get('namespace'), variables.get('workload')]) {
      expect(part?.datasource).toEqual(ANY_GOLDWIRE);
    }
  });

  it.each(['namespace', 'workload'])('lets one choose several %ss, or all', (variable) => {
    expect(variables.get(variable)).toMatchObject({ multi: true, includeAll: true, current: { value: ['$__all'] } });
  });

  it('has a title and a description on each panel, and no two in one place', () => {
    const taken = new Set<string>();
    for (const { gridPos, ...panel } of dashboard.panels) {
      expect(panel.title).not.toBe('');
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`)).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
    expect(panels.every((panel) => 'description' in panel)).toBe(true);
  });
});

it('every dashboard of the plugin is there', () => {
  expect(plugin.includes.map(({ path }) => path).sort()).toEqual(NAMES.map((name) => `dashboards/${name}`).sort());
});
