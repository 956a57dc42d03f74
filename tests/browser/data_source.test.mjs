// A user adds a data source by hand.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { DEAD_NODE } from './data_sources.mjs';
import { openWorkbench, picture } from './session.mjs';
import { certificateAuthority, nodes, serverName, token } from './settings.mjs';

/** By which it is told from those of other tests. */
const NAME = 'Shop by hand';

let page, close;
before(async () => ({ page, close } = await openWorkbench()));
after(() => close());

/** What "Save & test" says: `status` where the data source works, `alert` where it does not. */
const health = (role) => page.getByTestId('health').and(page.getByRole(role));
const saveAndTest = () => page.getByRole('button', { name: 'Save & test' }).click();

async function fillIn() {
  await page.getByLabel('Name', { exact: true }).fill(NAME);
  for (const [index, node] of nodes.entries()) {
    await page.getByRole('button', { name: 'Add node' }).click();
    await page.getByLabel(`Node ${index + 1} address`).fill(node);
  }
  if (certificateAuthority) {
    await page.getByText('Own certificate authority', { exact: true }).click();
    await page.getByLabel('CA certificate', { exact: true }).fill(certificateAuthority);
  }
  if (serverName) {
    await page.getByLabel('Server name').fill(serverName);
  }
  if (token) {
    await page.getByLabel('Token', { exact: true }).fill(token);
  }
}

test('a data source is added, saved and found to work', async () => {
  await page.goto('/connections/datasources/new');
  await page.getByRole('button', { name: 'Goldwire', exact: true }).click();
  await fillIn();
  await saveAndTest();
  assert.match(await health('status').innerText(), /node/i);
  await picture(page, 'data-source', { width: 1040, height: 1760 });
});

test('secrets are kept and do not come back', async () => {
  const answer = page.waitForResponse((response) => response.url().endsWith('/api/datasources'));
  await page.reload();
  const text = await (await answer).text();
  assert.match(text, new RegExp(NAME));
  for (const secret of [token, certificateAuthority].filter(Boolean)) {
    assert.ok(!text.includes(JSON.stringify(secret).slice(1, -1)), 'a secret reached the page');
  }
  await saveAndTest();
  await health('status').waitFor();
});

test('a data source whose nodes do not answer says so', async () => {
  await page.getByLabel('Node 1 address').fill(DEAD_NODE);
  for (let number = nodes.length; number > 1; number--) {
    await page.getByRole('button', { name: `Remove node ${number}` }).click();
  }
  await saveAndTest();
  assert.match(await health('alert').innerText(), /127\.0\.0\.1:1/);
});

test('a data source is deleted', async () => {
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.waitForURL('**/connections/datasources');
  assert.equal(await page.getByText(NAME, { exact: true }).count(), 0);
});
