import { act, render, screen } from '@testing-library/react';
import React from 'react';

import { GoldwireQuery } from '../query/model';
import { fakeBackend, fakeDataSource } from '../testing/fakeDataSource';
import { VariableEditor } from './VariableEditor';
import { user } from '../testing/user';

async function edit(query: GoldwireQuery) {
  const onChange = jest.fn();
  const onRunQuery = jest.fn();
  const datasource = fakeDataSource(fakeBackend());
  await act(async () => {
    render(<VariableEditor datasource={datasource} query={query} onChange={onChange} onRunQuery={onRunQuery} />);
  });
  return { onChange, onRunQuery };
}

describe('VariableEditor', () => {
  it('chooses a field that has names, also of either end', async () => {
    const { onChange, onRunQuery } = await edit({ refId: 'V' });
    await user.click(await screen.findByLabelText('Field'));
    expect(await screen.findByRole('option', { name: /either\.workload/ })).toBeInTheDocument();
    expect(screen.queryByRole('option', { name: /^latency/ })).not.toBeInTheDocument();
    await user.click(screen.getByRole('option', { name: /destination\.port/ }));
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'V', queryType: 'values', field: 'destination.port' });
    expect(onRunQuery).toHaveBeenCalled();
  });

  it('narrows by a prefix', async () => {
    const { onChange } = await edit({ refId: 'V', queryType: 'values', field: 'source.workload', prefix: 'we' });
    await user.type(screen.getByLabelText('Prefix'), 'b');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ prefix: 'web', field: 'source.workload' }));
  });
});
