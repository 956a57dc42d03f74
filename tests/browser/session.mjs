// A browser of its own for a test file, and what it saw go wrong.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

import { from, screenshots, workbenchUrl } from './settings.mjs';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PATIENCE_MS = 20_000;
const VIEWPORT = { width: 1440, height: 900 };

/** Opens the workbench in a fresh profile. `close` fails when the page threw, or asked for what is not there. */
export async function openWorkbench() {
  const profile = await mkdtemp(path.join(tmpdir(), 'goldwire-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    viewport: VIEWPORT,
    deviceScaleFactor: 1,
    baseURL: workbenchUrl,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = context.pages()[0] ?? (await context.newPage());
  const problems = watch(page);
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
    assert.deepEqual(problems, [], 'the page had problems');
  };
  return { page, close };
}

/** Chooses the range by hand. */
export async function chooseRange(page) {
  await page.getByTestId(/TimePicker Open Button/).click();
  await page.getByTestId(/Time Range from field/).fill(from);
  await page.getByTestId(/Time Range to field/).fill('now');
  await page.getByTestId(/TimePicker submit button/).click();
}

/** Takes a picture where a folder for them is given; of another size than the page's where one is. */
export async function picture(page, name, size = VIEWPORT) {
  if (screenshots) {
    await page.setViewportSize(size);
    await page.mouse.move(0, 0);
    await page.evaluate(() => {
      document.activeElement?.blur();
      return document.fonts.ready;
    });
    await page.screenshot({ path: path.join(screenshots, `${name}.png`), animations: 'disabled' });
    await page.setViewportSize(VIEWPORT);
  }
}

/** A query that is refused is an answer (400); a file or route that is not there is a fault. */
function watch(page) {
  const problems = [];
  page.on('pageerror', (error) => problems.push(`threw ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      problems.push(`logged ${message.text()}`);
    }
  });
  page.on('response', (response) => {
    if (response.status() === 404 || response.status() >= 500) {
      problems.push(`${response.status()} for ${response.request().method()} ${response.url()}`);
    }
  });
  return problems;
}
