// Data sources set up behind the page's back, for the tests that need one.
import assert from 'node:assert/strict';

import { certificateAuthority, nodes, serverName, token, workbenchUrl } from './settings.mjs';

/** Nothing listens on this port. */
export const DEAD_NODE = '127.0.0.1:1';

/** Adds a data source over the nodes and `more`, and gives its uid. */
export async function addDataSource(name, more = []) {
  const [plugin] = await call('GET', '/api/plugins');
  const secureJsonData = { ...(token && { token }), ...(certificateAuthority && { tlsCACert: certificateAuthority }) };
  const jsonData = {
    nodes: [...nodes, ...more],
    ...(certificateAuthority && { tlsAuthWithCACert: true }),
    ...(serverName && { serverName }),
  };
  const { datasource } = await call('POST', '/api/datasources', { name, type: plugin.id, jsonData, secureJsonData });
  return datasource.uid;
}

export function removeDataSource(uid) {
  return call('DELETE', `/api/datasources/uid/${uid}`);
}

async function call(method, path, body) {
  const response = await fetch(new URL(path, workbenchUrl), {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  assert.ok(response.ok, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}
