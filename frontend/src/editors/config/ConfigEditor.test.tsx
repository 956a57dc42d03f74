import { setBackendSrv, setDataSourceSrv } from '@grafana/runtime';
import { act, render, screen, waitFor } from '@testing-library/react';
import React, { useState } from 'react';
import { of } from 'rxjs';

import { GoldwireOptions } from '../../query/model';
import { ConfigEditor } from './ConfigEditor';
import { ConfigProps } from './settings';
import { user } from '../../testing/user';

const fetch = jest.fn();

beforeEach(() => {
  fetch.mockImplementation(({ url }: { url: string }) => {
    const refused = { ok: false, message: 'expected a value', position: 10, length: 0, expected: [], suggestion: null };
    return of({ data: url.endsWith('filter/check') ? refused : [] });
  });
  setBackendSrv({ fetch } as never);
  setDataSourceSrv({ getList: () => [{ uid: 'tempo1', name: 'Tempo', meta: { name: 'Tempo' } }] } as never);
});

/** A page whose changes are kept, as Grafana keeps them. */
async function configure(jsonData: GoldwireOptions = {}, secureJsonFields = {}, readOnly = false) {
  let stored = {
    uid: 'ds1',
    jsonData,
    secureJsonFields,
    secureJsonData: {},
    readOnly,
  } as unknown as ConfigProps['options'];
  function Kept() {
    const [options, keep] = useState(stored);
    const change = (next: ConfigProps['options']) => {
      stored = next;
      keep(next);
    };
    return <ConfigEditor options={options} onOptionsChange={change} />;
  }
  await act(async () => {
    render(<Kept />);
  });
  return () => stored;
}

describe('ConfigEditor', () => {
  it('adds, checks and removes nodes', async () => {
    const stored = await configure({ nodes: ['a:4270'] });
    await user.click(screen.getByRole('button', { name: 'Add node' }));
    const second = screen.getByLabelText('Node 2 address');
    await user.type(second, 'b');
    expect(screen.getByText(/Add the port, such as b:4270/)).toBeInTheDocument();
    await user.type(second, ':4271');
    expect(screen.queryByText(/Add the port/)).not.toBeInTheDocument();
    expect(stored().jsonData.nodes).toEqual(['a:4270', 'b:4271']);
    await user.click(screen.getByRole('button', { name: 'Remove node 1' }));
    expect(stored().jsonData.nodes).toEqual(['b:4271']);
  });

  it('finds nodes by a DNS name', async () => {
    const stored = await configure();
    await user.type(screen.getByLabelText('DNS name'), 'goldwire.svc');
    await user.type(screen.getByLabelText('DNS port'), '4300');
    expect(stored().jsonData).toMatchObject({ nodesDns: 'goldwire.svc', nodesPort: 4300 });
  });

  it('keeps the token secret', async () => {
    const stored = await configure();
    await user.type(screen.getByLabelText('Token'), 'abc');
    expect(stored().secureJsonData).toEqual({ token: 'abc' });
    expect(stored().jsonData).toEqual({});
  });

  it('does not show a token that is set, and replaces it', async () => {
    const stored = await configure({}, { token: true });
    expect(screen.getByLabelText('Token')).toBeDisabled();
    await user.click(screen.getByRole('button', { name: 'Reset' }));
    expect(stored()).toMatchObject({ secureJsonFields: { token: false }, secureJsonData: { token: '' } });
    expect(screen.getByLabelText('Token')).toBeEnabled();
  });

  it('asks for certificates where they are used', async () => {
    const stored = await configure();
    expect(screen.queryByLabelText('CA certificate')).not.toBeInTheDocument();
    await user.click(screen.getByLabelText('Own certificate authority'));
    await user.type(screen.getByLabelText('CA certificate'), 'PEM');
    await user.click(screen.getByLabelText('Client certificate'));
    await user.type(screen.getByLabelText('Client key (PEM)'), 'KEY');
    await user.type(screen.getByLabelText('Server name'), 'goldwire');
    expect(stored().jsonData).toEqual({ tlsAuthWithCACert: true, tlsAuth: true, serverName: 'goldwire' });
    expect(stored().secureJsonData).toEqual({ tlsCACert: 'PEM', tlsClientKey: 'KEY' });
  });

  it('checks the enforced filter with the backend', async () => {
    const stored = await configure();
    await user.type(screen.getByRole('textbox', { name: /Enforced filter/ }), 'verdict = ');
    expect(stored().jsonData.enforcedFilter).toBe('verdict = ');
    expect(await screen.findByText('expected a value')).toBeInTheDocument();
    await waitFor(() => {
      const url = '/api/datasources/uid/ds1/resources/filter/check';
      expect(fetch).toHaveBeenCalledWith(expect.objectContaining({ url, data: { filter: 'verdict = ' } }));
    });
  });

  it('cannot be changed where it comes from a file', async () => {
    await configure({ nodes: ['a:4270'] }, {}, true);
    expect(screen.getByLabelText('Node 1 address')).toBeDisabled();
    expect(screen.getByRole('button', { name: 'Add node' })).toBeDisabled();
    expect(screen.getByRole('textbox', { name: /Enforced filter/ })).toBeDisabled();
  });

  it('chooses where traces are', async () => {
    const stored = await configure();
    await user.click(screen.getByLabelText(/^Trace data source/));
    await user.click(await screen.findByRole('option', { name: /Tempo/ }));
    expect(stored().jsonData.traceDatasourceUid).toBe('tempo1');
  });
});
