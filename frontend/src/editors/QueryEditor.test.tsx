import { act, render, screen, waitFor, within } from '@testing-library/react';
import React, { useState } from 'react';

import { GoldwireQuery } from '../query/model';
import { FakeBackend, fakeBackend, fakeDataSource } from '../testing/fakeDataSource';
import { QueryEditor } from './QueryEditor';
import { user } from '../testing/user';

interface Stage {
  backend: FakeBackend;
  /** The query as it is stored now. */
  stored: () => GoldwireQuery;
  onRunQuery: jest.Mock;
}

/** An editor whose changes are kept, as Grafana keeps them. */
async function edit(query: Partial<GoldwireQuery>, backend = fakeBackend()): Promise<Stage> {
  const onChange = jest.fn();
  const onRunQuery = jest.fn();
  const datasource = fakeDataSource(backend);
  let stored: GoldwireQuery = { refId: 'A', ...query };
  function Kept() {
    const [kept, keep] = useState(stored);
    onChange.mockImplementation((next: GoldwireQuery) => {
      stored = next;
      keep(next);
    });
    return <QueryEditor datasource={datasource} query={kept} onChange={onChange} onRunQuery={onRunQuery} />;
  }
  await act(async () => {
    render(<Kept />);
  });
  return { backend, stored: () => stored, onRunQuery };
}

async function pick(label: string, option: string | RegExp) {
  await user.click(await screen.findByLabelText(label));
  await user.click(await screen.findByRole('option', { name: option }));
}

const FLOWS: Partial<GoldwireQuery> = { queryType: 'flows' };

describe('QueryEditor', () => {
  it('stores the default of a blank query, so that an alert rule asks what is shown', async () => {
    const { stored } = await edit({});
    await waitFor(() => {
      expect(stored()).toMatchObject({
        queryType: 'signals',
        signals: ['request_rate'],
        groupBy: ['destination.workload'],
      });
    });
  });

  it('changes the query type, and shows what it takes', async () => {
    const { stored, onRunQuery } = await edit(FLOWS);
    await pick('Query type', /Heatmap/);
    expect(stored()).toEqual({ refId: 'A', queryType: 'heatmap', signal: 'latency' });
    expect(onRunQuery).toHaveBeenCalled();
    expect(screen.getByLabelText('Signal')).toBeInTheDocument();
    expect(screen.queryByLabelText('Columns')).not.toBeInTheDocument();
  });

  it('leaves no key of the old type in what is stored, for alert rules run what is stored', async () => {
    const requests: Partial<GoldwireQuery> = { queryType: 'requests', as: 'logs', columns: ['latency'], limit: 7 };
    const { stored } = await edit({ ...requests, orderBy: ['-latency'] });
    await pick('Query type', /Service map/);
    expect(stored()).toEqual({ refId: 'A', queryType: 'serviceMap', groupBy: ['workload'] });
    await pick('Query type', /Heatmap/);
    expect(stored()).toEqual({ refId: 'A', queryType: 'heatmap', signal: 'latency' });
  });

  it('mends what was stored with keys of another type', async () => {
    const { stored } = await edit({ queryType: 'heatmap', signal: 'latency', live: true, table: 'flows' });
    await waitFor(() => expect(stored()).toEqual({ refId: 'A', queryType: 'heatmap', signal: 'latency' }));
  });

  it('shows the values that a link brought along as a filter', async () => {
    const { stored } = await edit({ ...FLOWS, where: { 'source.workload': 'a*', 'destination.port': '80' } });
    const filter = 'source.workload = "a\\*" and destination.port = 80';
    await waitFor(() => expect(stored()).toEqual({ refId: 'A', queryType: 'flows', filter }));
    expect(screen.getByLabelText('Condition 1 value')).toHaveValue('a*');
  });

  it('takes a value that was picked for itself', async () => {
    const backend = fakeBackend();
    backend.values.mockReturnValue({ values: ['star*', 'a"\\b$c'] });
    const { stored } = await edit({ ...FLOWS, filter: 'source.workload = "x"' }, backend);
    await pick('Condition 1 value', 'star*');
    expect(stored().filter).toBe('source.workload = "star\\*"');
    await pick('Condition 1 operator', /^in/);
    await pick('Condition 1 value', 'a"\\b$c');
    expect(stored().filter).toBe('source.workload in ("star\\*", "a\\"\\\\\\b\\x24c")');
  });

  it('adds a signal', async () => {
    const { stored } = await edit({ queryType: 'signals', signals: ['request_rate'] });
    await pick('Signals', /rtt_p50/);
    expect(stored().signals).toEqual(['request_rate', 'rtt_p50']);
  });

  it('groups by fields that can be grouped by', async () => {
    const { stored } = await edit({ queryType: 'signals', signals: ['request_rate'] });
    await user.click(await screen.findByLabelText('Group by'));
    expect(await screen.findByRole('option', { name: /source\.workload/ })).toBeInTheDocument();
    expect(screen.queryByRole('option', { name: /^latency/ })).not.toBeInTheDocument();
    await user.click(screen.getByRole('option', { name: /source\.workload/ }));
    expect(stored().groupBy).toEqual(['source.workload']);
  });

  it('switches live on, and off with another shape', async () => {
    const { stored } = await edit({ queryType: 'requests' });
    await user.click(screen.getByLabelText('Live'));
    expect(stored().live).toBe(true);
    await user.click(screen.getByLabelText('Logs'));
    expect(stored()).toMatchObject({ as: 'logs', live: undefined });
    expect(screen.queryByLabelText('Live')).not.toBeInTheDocument();
  });

  it('looks for processes in all of history, and in the range again', async () => {
    const { stored } = await edit({ queryType: 'processes' });
    await user.click(screen.getByLabelText('All of history'));
    expect(stored().from).toBe(0);
    await user.click(screen.getByLabelText('All of history'));
    expect(stored().from).toBeUndefined();
  });

  it('orders by a column one way only', async () => {
    const { stored } = await edit({ queryType: 'drops', orderBy: ['destination.port'] });
    await user.click(await screen.findByLabelText('Order by'));
    const [descending] = await screen.findAllByRole('option', { name: /destination\.port/ });
    await user.click(descending);
    expect(stored().orderBy).toHaveLength(1);
    expect(stored().orderBy).not.toEqual(['destination.port']);
  });

  it('takes a limit, and none', async () => {
    const { stored, onRunQuery } = await edit(FLOWS);
    await user.type(screen.getByLabelText('Limit'), '50');
    await user.tab();
    expect(stored().limit).toBe(50);
    expect(onRunQuery).toHaveBeenCalled();
    await user.clear(screen.getByLabelText('Limit'));
    expect(stored().limit).toBeUndefined();
  });

  it('says what is wrong with a step', async () => {
    await edit({ queryType: 'signals', signals: ['request_rate'] });
    await user.type(screen.getByLabelText('Step'), '10');
    expect(screen.getByText(/number and a unit/)).toBeInTheDocument();
    await user.type(screen.getByLabelText('Step'), 's');
    expect(screen.queryByText(/number and a unit/)).not.toBeInTheDocument();
  });

  it('makes a table of aggregates', async () => {
    const { stored } = await edit({ queryType: 'table', table: 'requests', groupBy: ['source.workload'] });
    await pick('Aggregates', 'p99(latency)');
    expect(stored().aggregates).toEqual(['p99(latency)']);
    await pick('Records', /Drops/);
    expect(stored()).toMatchObject({ table: 'drops', aggregates: ['count()'], groupBy: undefined });
  });

  it('groups the map by a property of an end', async () => {
    const { stored } = await edit({ queryType: 'serviceMap' });
    await pick('Group by', /port/);
    expect(stored().groupBy).toEqual(['port']);
  });

  it('says when the lists cannot be loaded, and still edits', async () => {
    const backend = fakeBackend();
    jest.spyOn(backend.resources, 'fields').mockRejectedValue({ data: { message: 'plugin is not running' } });
    await edit(FLOWS, backend);
    expect(await screen.findByText('plugin is not running')).toBeInTheDocument();
    expect(screen.getByLabelText('Query type')).toBeEnabled();
  });
});

describe('filter builder', () => {
  it('makes a condition with values from the nodes', async () => {
    const { stored, backend } = await edit(FLOWS);
    await user.click(screen.getByRole('button', { name: 'Add condition' }));
    await pick('Condition 1 field', /destination\.workload/);
    expect(stored().filter).toBeUndefined();
    await pick('Condition 1 value', 'web');
    expect(stored().filter).toBe('destination.workload = "web"');
    expect(backend.values.mock.calls[0][0]).toMatchObject({ field: 'destination.workload', prefix: '' });
  });

  it('makes a list, and narrows values by the other conditions', async () => {
    const { stored, backend } = await edit({ ...FLOWS, filter: 'destination.port = 80 and source.workload = "api"' });
    await pick('Condition 2 operator', /^in/);
    await pick('Condition 2 value', 'web');
    expect(stored().filter).toBe('destination.port = 80 and source.workload in ("api", "web")');
    expect(backend.values.mock.calls[0][0]).toMatchObject({ filter: 'destination.port = 80' });
  });

  it('removes a condition', async () => {
    const { stored } = await edit({ ...FLOWS, filter: 'destination.port = 80 and source.workload = "api"' });
    await user.click(screen.getByRole('button', { name: 'Remove condition 1' }));
    expect(stored().filter).toBe('source.workload = "api"');
  });

  it('takes a value that no node has yet', async () => {
    const { stored } = await edit({ ...FLOWS, filter: 'latency > 1s' });
    await user.click(screen.getByLabelText('Condition 1 value'));
    await user.paste('250ms');
    await user.click(await screen.findByRole('option', { name: /250ms/ }));
    expect(stored().filter).toBe('latency > 250ms');
  });
});

describe('filter text', () => {
  const area = () => screen.getByRole('textbox', { name: 'Filter' });

  it('is what the builder made', async () => {
    await edit({ ...FLOWS, filter: 'destination.port = 80' });
    expect(screen.getByLabelText('Condition 1 field')).toHaveValue('destination.port');
    await user.click(screen.getByLabelText('Filter text'));
    expect(area()).toHaveValue('destination.port = 80');
  });

  it('turns into rows as the backend reads it', async () => {
    const backend = fakeBackend();
    const conditions = [{ field: 'destination.port', operator: '=' as const, values: ['80'] }];
    await edit({ ...FLOWS, filter: '(destination.port = 80)' }, backend);
    expect(area()).toBeInTheDocument();
    backend.check.mockReturnValue({ ok: true, canonical: 'destination.port = 80', conditions });
    await user.click(screen.getByLabelText('Filter builder'));
    expect(await screen.findByLabelText('Condition 1 field')).toHaveValue('destination.port');
  });

  it('stays text, and says so, where rows cannot show it', async () => {
    await edit({ ...FLOWS, filter: 'destination.port = 80 or latency > 1s' });
    await user.click(screen.getByLabelText('Filter builder'));
    expect(await screen.findByText(/stays text/)).toBeInTheDocument();
    expect(area()).toHaveValue('destination.port = 80 or latency > 1s');
  });

  it('shows where it is wrong and mends it with one click', async () => {
    const backend = fakeBackend();
    backend.check.mockImplementation((filter) => {
      return filter.startsWith('destination.wrkload')
        ? {
            ok: false,
            message: 'unknown field `destination.wrkload`',
            position: 0,
            length: 19,
            expected: ['field'],
            suggestion: 'destination.workload',
          }
        : { ok: true, canonical: filter, conditions: null };
    });
    const { stored } = await edit({ ...FLOWS, filter: 'destination.wrkload = "web"' }, backend);
    const problem = await screen.findByRole('alert', { name: 'Filter problem' });
    expect(within(problem).getByText('destination.wrkload').tagName).toBe('MARK');
    await user.click(within(problem).getByRole('button', { name: 'Use destination.workload' }));
    expect(stored().filter).toBe('destination.workload = "web"');
    await waitFor(() => expect(screen.queryByRole('alert', { name: 'Filter problem' })).not.toBeInTheDocument());
  });

  it('is checked with its variables filled in, and shows them in rows', async () => {
    const { backend } = await edit({ ...FLOWS, filter: 'destination.workload = $workload' });
    await waitFor(() => expect(backend.check).toHaveBeenCalledWith('destination.workload = "web"'));
    expect(screen.getByLabelText('Condition 1 value')).toHaveValue('$workload');
  });

  it('is completed by keyboard alone: field, operator, value', async () => {
    const { stored, onRunQuery, backend } = await edit({ ...FLOWS, filter: '(' });
    await user.clear(area());
    await user.type(area(), 'dest');
    expect(screen.getAllByRole('option')[0]).toHaveTextContent('destination.workload');
    await user.keyboard('{Enter}');
    expect(area()).toHaveValue('destination.workload ');
    await user.keyboard('{ArrowDown}{Enter}');
    expect(area()).toHaveValue('destination.workload = ');
    await user.keyboard('w');
    await screen.findByRole('option', { name: 'web' });
    await user.keyboard('{ArrowDown}{Tab}');
    expect(stored().filter).toBe('destination.workload = "web" ');
    expect(backend.values.mock.lastCall[0]).toMatchObject({ field: 'destination.workload', prefix: 'w' });
    onRunQuery.mockClear();
    await user.keyboard('{Escape}{Enter}');
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('asks the nodes only when typing rests', async () => {
    const { backend } = await edit({ ...FLOWS, filter: '(' });
    await user.clear(area());
    await user.type(area(), 'destination.workload = webserver');
    await waitFor(() => expect(backend.values).toHaveBeenCalled());
    expect(backend.values).toHaveBeenCalledTimes(1);
    expect(backend.values.mock.calls[0][0]).toMatchObject({ prefix: 'webserver' });
  });

  it('cancels a question that is no longer asked, and drops its answer', async () => {
    const backend = fakeBackend();
    let answerLate = (_answer: unknown) => {};
    backend.values.mockImplementation(({ prefix }: { prefix: string }) => {
      return prefix === 'a' ? new Promise((resolve) => (answerLate = resolve)) : { values: ['web'] };
    });
    await edit({ ...FLOWS, filter: '(' }, backend);
    await user.clear(area());
    await user.type(area(), 'destination.workload = a');
    await waitFor(() => expect(backend.values).toHaveBeenCalledTimes(1));
    await user.keyboard('{Backspace}w');
    await screen.findByRole('option', { name: 'web' });
    expect(backend.values.mock.calls[0][1].abortSignal.aborted).toBe(true);
    await act(async () => answerLate({ values: ['api'] }));
    expect(screen.queryByRole('option', { name: 'api' })).not.toBeInTheDocument();
  });
});
