// A user builds queries by hand and sees their answers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { addDataSource, DEAD_NODE, removeDataSource } from './data_sources.mjs';
import { chooseRange, openWorkbench, picture } from './session.mjs';

const NAME = 'Shop';
const WITH_DEAD_NODE = 'Shop with a dead node';

let page, close, uids;
before(async () => {
  uids = [await addDataSource(NAME), await addDataSource(WITH_DEAD_NODE, [DEAD_NODE])];
  ({ page, close } = await openWorkbench());
});
after(async () => {
  await close();
  for (const uid of uids) {
    await removeDataSource(uid);
  }
});

const panel = (title) => page.getByRole('region', { name: `Panel ${title}` });
const answered = (title) => panel(title).and(page.locator('[data-state="Done"]'));
const queryWith = (part) =>
  page.waitForRequest((request) => request.url().includes('/api/ds/query') && request.postData()?.includes(part));

const exactly = (text) => new RegExp(`^${text}$`);

async function choose(field, option) {
  await page.getByRole('combobox', { name: field, exact: true }).click();
  await page.getByRole('option', { name: option }).first().click();
}

/** Chooses in a list of several, which stays open for more. */
async function chooseAlso(field, option) {
  const list = page.getByRole('combobox', { name: field, exact: true });
  await list.fill(option);
  await page.getByRole('option', { name: option }).first().click();
  await list.press('Escape');
}

test('a filter is built by conditions and goes with the query', async () => {
  await page.goto('/explore');
  await chooseRange(page);
  await choose('Data source', exactly(NAME));
  await choose('Query type', /^Signals/);
  await page.getByRole('button', { name: 'Add condition' }).click();
  await page.getByRole('combobox', { name: 'Condition 1 field' }).fill('network.proto');
  await page.getByRole('option', { name: /^network\.protocol/ }).first().click();
  const asked = queryWith('network.protocol');
  const value = page.getByRole('combobox', { name: 'Condition 1 value' });
  await value.fill('http');
  await page.getByRole('option', { name: 'http', exact: true }).first().click();
  const { queries } = (await asked).postDataJSON();
  assert.match(queries[0].filter, /network\.protocol = "?http"?/);
  await answered('Graph').waitFor();
  await picture(page, 'explore-series');
});

test('signals are chosen, grouped and drawn as series', async () => {
  await chooseAlso('Signals', 'latency_p95');
  await panel('Graph').locator('canvas').waitFor();
  for (const signal of ['Requests', 'Latency p95']) {
    await panel('Graph').getByRole('listitem').filter({ hasText: signal }).nth(1).waitFor();
  }
});

test('a node that does not answer is noticed on the panel', async () => {
  await choose('Data source', exactly(WITH_DEAD_NODE));
  const notice = panel('Graph').locator('[data-notice="warning"]').first();
  assert.match(await notice.getAttribute('aria-label'), /127\.0\.0\.1:1/);
  await choose('Data source', exactly(NAME));
  await notice.waitFor({ state: 'detached' });
});

test('the builder and the text are one filter', async () => {
  await page.getByRole('radio', { name: 'Filter text' }).click();
  const text = page.getByRole('textbox', { name: 'Filter', exact: true });
  assert.match(await text.inputValue(), /network\.protocol = "?http"?/);
  await text.fill('network.protocol = "http" and latency > 0ms');
  const asked = queryWith('latency > 0ms');
  await text.press('Escape');
  await text.press('Enter');
  await asked;
  await answered('Graph').waitFor();
});

test('a filter that does not parse is explained where it is wrong', async () => {
  const text = page.getByRole('textbox', { name: 'Filter', exact: true });
  await text.fill('destination.wrkload = "x"');
  const problem = page.getByRole('alert', { name: 'Filter problem' });
  assert.match(await problem.innerText(), /destination\.workload/);
  await text.fill('');
  await text.press('Escape');
  await text.press('Enter');
});

test('the service map shows who talks to whom', async () => {
  await choose('Query type', /^Service map/);
  await answered('Node graph').waitFor();
  const map = page.getByRole('figure', { name: 'Node graph' });
  const nodes = map.getByRole('button', { name: /^Node / });
  await nodes.nth(1).waitFor();
  assert.ok((await map.locator('path[marker-end]').count()) >= 1, 'the map has no edge');
  await picture(page, 'explore-map');
  await nodes.first().click();
  await map.getByRole('region', { name: 'Details' }).waitFor();
});

test('links of nodes and edges find what these were made from', async () => {
  const map = page.getByRole('figure', { name: 'Node graph' });
  const details = map.getByRole('region', { name: 'Details' });
  const parts = [
    ...(await map.getByRole('button', { name: /^Node / }).all()),
    ...(await map.locator('.react-flow__edge-interaction').all()),
  ];
  assert.ok(parts.length >= 5, `only ${parts.length} nodes and edges`);
  const links = new Map();
  for (const part of parts) {
    await part.dispatchEvent('click');
    const title = await details.getByRole('heading').innerText();
    const found = details.getByRole('link');
    links.set(title, await found.evaluateAll((all) => all.map((link) => link.getAttribute('href'))));
  }
  assert.equal(links.size, parts.length, 'each has a title of its own');
  for (const [title, hrefs] of links) {
    const rows = await Promise.all(hrefs.map(rowsBehind));
    assert.ok(
      rows.some((count) => count > 0),
      `no link of ${title} finds anything: ${rows} of ${hrefs}`
    );
  }
  const [href] = [...links.values()].at(-1).filter((link) => link.includes('"flows"') || link.includes('%22flows%22'));
  await page.goto(href);
  await answered('Table').waitFor();
  await panel('Table').getByRole('row').nth(1).waitFor();
  await page.goBack();
  await map.waitFor();
});

/** How many rows the query of a link gives. */
async function rowsBehind(href) {
  const { datasource, queries, range } = JSON.parse(new URL(href, 'http://workbench').searchParams.get('left'));
  const asked = queries.map((query) => ({ ...query, datasource: { uid: datasource }, intervalMs: 10_000, maxDataPoints: 500 }));
  const millis = (time) => (/^\d+$/.test(time) ? time : String(Date.parse(time) || time));
  const answer = await page.request.post('/api/ds/query', {
    data: { queries: asked, from: millis(range.from), to: millis(range.to) },
  });
  const { results } = await answer.json();
  return Object.values(results).reduce((sum, { error, frames }) => {
    assert.equal(error, undefined, href);
    return sum + frames.reduce((rows, { data }) => rows + (data.values[0]?.length ?? 0), 0);
  }, 0);
}

for (const [type, title] of [
  [/^Flows/, 'Table'],
  [/^Requests/, 'Table'],
  [/^Heatmap/, 'Heatmap'],
]) {
  test(`${title} answers ${type.source.slice(1)}`, async () => {
    const asked = page.waitForResponse((response) => response.url().includes('/api/ds/query'));
    await choose('Query type', type);
    const { results } = await (await asked).json();
    assert.equal(results.A.error, undefined);
    await answered(title).waitFor();
    const drawn = { Table: panel(title).getByRole('row').nth(1), Heatmap: panel(title).locator('canvas') };
    await drawn[title].waitFor();
  });
}

test('a request leads to its process, and the process to its requests', async () => {
  await choose('Query type', /^Requests/);
  for (const column of ['source.pid', 'source.node', 'latency']) {
    await chooseAlso('Columns', column);
  }
  await answered('Table').waitFor();
  // A row may be of a process that is not known.
  const link = panel('Table').locator('a[title="Process"]').filter({ hasText: /\d/ }).first();
  const pid = await link.innerText();
  await link.click();
  await page.waitForURL((url) => url.searchParams.get('left')?.includes('"processes"'));
  await answered('Table').waitFor();
  assert.ok(await page.getByRole('switch', { name: 'All of history' }).isChecked());
  const process = panel('Table').getByRole('gridcell', { name: pid, exact: true }).first();
  await process.waitFor();
  await picture(page, 'explore-process');
  await process.getByText(pid).click();
  await page.getByText('Requests of this process').click();
  // The value as the link brought it, or as the editor has made a filter of it.
  const ofProcess = new RegExp(`source\\.pid(?: = |\\\\?":\\\\?"?)${pid}\\b`);
  await page.waitForURL((url) => ofProcess.test(url.searchParams.get('left') ?? ''));
  await answered('Table').waitFor();
  await panel('Table').getByRole('row').nth(1).waitFor();
});
