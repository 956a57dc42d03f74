// What the tests are told by whoever starts them.
import { readFileSync } from 'node:fs';

const needed = (name) => {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: these tests are started by the package in tests/, or see tests/browser/README.md`);
  }
  return value;
};
const fileOf = (name) => (process.env[name] ? readFileSync(process.env[name], 'utf8').trim() : undefined);

/** Where the workbench listens. */
export const workbenchUrl = needed('WORKBENCH_URL');
/** Addresses of nodes that answer, with traffic on them. */
export const nodes = needed('WORKBENCH_NODES').split(',');
/** What the nodes ask for, where they ask. */
export const token = fileOf('WORKBENCH_TOKEN_FILE');
export const certificateAuthority = fileOf('WORKBENCH_CA_FILE');
export const serverName = process.env.WORKBENCH_SERVER_NAME;
/** Where the range begins that the tests look at. */
export const from = process.env.WORKBENCH_FROM ?? 'now-5m';
/** A folder for pictures; without it none are taken. */
export const screenshots = process.env.WORKBENCH_SCREENSHOTS;
