// One time zone wherever the tests run.
process.env.TZ = 'UTC';

const base = require('./.config/jest.config');
const { grafanaESModules, nodeModulesToTransform } = require('./.config/jest/utils');

const swc = Object.values(base.transform)[0];
// Packages that Grafana's own list lacks and that are shipped as ES modules only.
const moreModules = ['d3-[a-z-]+', 'internmap', 'delaunator', 'robust-predicates'];

module.exports = {
  ...base,
  transform: { '^.+\\.(t|j|mj)sx?$': swc },
  // Editors that are typed into take their time on a busy machine.
  testTimeout: 60000,
  transformIgnorePatterns: [nodeModulesToTransform([...grafanaESModules, ...moreModules])],
};
