// A user clicks: on links, on values of lists, on ad hoc filters. What is asked then is exactly what was clicked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { addDataSource, removeDataSource } from './data_sources.mjs';
import { chooseRange, openWorkbench, picture } from './session.mjs';

const NAME = 'Shop of links';

let page, close, uid;
before(async () => {
  uid = await addDataSource(NAME);
  ({ page, close } = await openWorkbench());
});
after(async () => {
  await close();
  await removeDataSource(uid);
});

const panel = (title) => page.getByRole('region', { name: `Panel ${title}` });
const answered = (title) => panel(title).and(page.locator('[data-state="Done"]'));
const exactly = (text) => new RegExp(`^${text}$`);
/** What Explore has in its address. */
const asked = () => JSON.parse(new URL(page.url()).searchParams.get('left') ?? '{}').queries?.[0];

async function choose(field, option) {
  await page.getByRole('combobox', { name: field, exact: true }).click();
  await page.getByRole('option', { name: option }).first().click();
}

async function openMap() {
  await page.goto('/explore');
  await chooseRange(page);
  await choose('Data source', exactly(NAME));
  await choose('Query type', /^Service map/);
  await answered('Node graph').waitFor();
}

const map = () => page.getByRole('figure', { name: 'Node graph' });

test('an edge leads to its requests', async () => {
  await openMap();
  const edges = map().locator('.react-flow__edge');
  await edges.first().waitFor({ state: 'attached' });
  const details = map().getByRole('region', { name: 'Details' });
  // The first that carries requests.
  for (let number = 0; number < (await edges.count()); number++) {
    await edges.nth(number).dispatchEvent('click');
    await details.waitFor();
    if (await details.locator('dt:text-is("Requests") + dd').evaluate((count) => count.textContent !== '0')) {
      break;
    }
  }
  const [source, target] = (await details.locator('h6').innerText()).split(' → ');
  await picture(page, 'explore-edge');
  await details.getByRole('link', { name: 'Requests', exact: true }).click();
  await page.waitForURL((url) => url.searchParams.get('left')?.includes('"requests"'));
  await answered('Table').waitFor();
  await panel('Table').getByRole('row').nth(1).waitFor();
  const { filter, where } = asked();
  assert.ok(filter.includes(`source.workload = ${JSON.stringify(source)}`), filter);
  assert.ok(filter.includes(`destination.workload = ${JSON.stringify(target)}`), filter);
  assert.equal(where, undefined);
});

test('a group of a table leads to its records', async () => {
  await choose('Query type', /^Table/);
  await answered('Table').waitFor();
  const cell = panel('Table').locator('a[title="Requests of this group"]').first();
  await cell.click();
  await page.waitForURL((url) => url.searchParams.get('left')?.includes('"requests"'));
  await answered('Table').waitFor();
  await panel('Table').getByRole('row').nth(1).waitFor();
  // The values that the link brought along are a filter now, which can be seen and changed.
  await page.waitForURL((url) => !url.searchParams.get('left')?.includes('"where"'));
  assert.match(asked().filter, /source\.workload = /);
  assert.equal(await page.getByRole('combobox', { name: 'Condition 1 field' }).count(), 1);
  await picture(page, 'explore-group');
});

test('changing the query type leaves nothing of the old one behind', async () => {
  await choose('Query type', /^Heatmap/);
  await answered('Heatmap').waitFor();
  const known = ['refId', 'datasource', 'queryType', 'signal', 'filter', 'key', 'hide'];
  assert.deepEqual(Object.keys(asked()).filter((key) => !known.includes(key)), []);
});

test('an ad hoc filter on what a panel does not have is left out with a notice', async () => {
  await page.goto('/dashboards');
  await page.getByRole('button', { name: /golden signals/ }).click();
  await chooseRange(page);
  await choose('Data source', exactly(NAME));
  await page.getByRole('button', { name: 'Add filter' }).click();
  const key = page.getByRole('combobox', { name: 'Filter key' });
  await key.fill('http.response');
  await page.getByRole('option', { name: exactly('http.response.status_code') }).click();
  await page.getByRole('combobox', { name: 'Filter value' }).click();
  const value = page.getByRole('option').first();
  const status = (await value.innerText()).trim();
  const narrowed = page.waitForRequest((request) => request.postData()?.includes(`http.response.status_code = ${status}`));
  await value.click();
  await narrowed;
  const notice = page.locator('[data-notice="warning"][aria-label*="ad hoc filter"]').first();
  await notice.waitFor();
  const failed = page.locator('section[data-state="Error"]');
  assert.equal(await failed.count(), 0, 'a panel turned red');
  await picture(page, 'dashboard-ad-hoc');
});
