// The plugin's dashboards, as a user opens them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { addDataSource, removeDataSource } from './data_sources.mjs';
import { chooseRange, openWorkbench, picture } from './session.mjs';

const NAME = 'Shop';

let page, close, uid;
before(async () => {
  uid = await addDataSource(NAME);
  ({ page, close } = await openWorkbench());
});
after(async () => {
  await close();
  await removeDataSource(uid);
});

const panel = (title) => page.getByRole('region', { name: `Panel ${title}`, exact: true });
const panels = () => page.getByRole('region', { name: /^Panel / });

async function open(name) {
  await page.goto('/dashboards');
  await page.getByRole('button', { name }).click();
  await chooseRange(page);
  await page.getByRole('combobox', { name: 'Data source' }).click();
  await page.getByRole('option', { name: NAME, exact: true }).click();
  await allAnswered();
}

/** Each panel has its answer, or streams, and none shows an error. */
async function allAnswered() {
  await panels().first().waitFor();
  await page.waitForFunction(() => {
    const states = [...document.querySelectorAll('section[aria-label^="Panel "]')].map(({ dataset }) => dataset.state);
    return states.length > 0 && states.every((state) => ['Done', 'Streaming', 'Error'].includes(state));
  });
  const failed = page.locator('section[data-state="Error"]');
  const labels = await failed.evaluateAll((found) => found.map((section) => section.getAttribute('aria-label')));
  assert.deepEqual(labels, [], 'panels failed');
}

test('golden signals are answered', async () => {
  await open(/golden signals/);
  await panel('Requests').getByText(/\d/).first().waitFor();
  await panel('Requests by workload').locator('canvas').waitFor();
  await picture(page, 'golden-signals');
});

test('a variable narrows what the panels ask', async () => {
  const workload = page.getByRole('combobox', { name: 'Workload' });
  await workload.click();
  const option = page.getByRole('option').nth(1);
  const chosen = (await option.innerText()).trim();
  const narrowed = (request) => request.url().includes('/api/ds/query') && request.postData()?.includes(`\\"${chosen}\\"`);
  const asked = page.waitForRequest(narrowed);
  await option.click();
  await workload.press('Escape');
  const { queries } = (await asked).postDataJSON();
  assert.match(queries[0].filter, /destination\.workload/);
  await allAnswered();
});

test('the service map is drawn with its edges', async () => {
  await open(/service map/);
  const map = panel('Service map');
  await map.getByRole('button', { name: /^Node / }).nth(1).waitFor();
  assert.ok((await map.locator('path[marker-end]').count()) >= 1, 'the map has no edge');
  await panel('Top edges').getByRole('row').nth(1).waitFor();
  await picture(page, 'service-map');
});

test('what an answer says about itself can be inspected', async () => {
  await panel('Service map').hover();
  await panel('Service map').getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('menuitem', { name: 'Inspect' }).click();
  const drawer = page.getByRole('dialog');
  await drawer.getByRole('tab', { name: 'Meta data' }).click();
  await drawer.getByText('coverage').first().waitFor();
});
