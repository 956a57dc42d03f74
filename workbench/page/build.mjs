// Builds the page into dist/: one bundle, its styles, its HTML and the icons of @grafana/ui.
//
// React and @grafana/* come from the plugin's own node_modules, so that the page hosts the plugin on just the versions
// that it was built for, and a fresh clone installs them once.
import esbuild from 'esbuild';
import { cp, copyFile, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const grafanaModules = path.join(here, '../../frontend/node_modules');
const outdir = path.join(here, 'dist');

/**
 * @grafana/* ship `.mjs`, for which bundlers import CommonJS as Node.js does: the default is all of `module.exports`.
 * Their code expects the default of `__esModule` packages instead, which files named `.js` get.
 */
const grafanaInterop = {
  name: 'grafana-interop',
  setup(build) {
    build.onResolve({ filter: /.*/ }, async (args) => {
      if (args.pluginData?.resolved || args.kind === 'entry-point') {
        return undefined;
      }
      const found = await build.resolve(args.path, {
        kind: args.kind,
        importer: args.importer,
        resolveDir: args.resolveDir,
        pluginData: { resolved: true },
      });
      if (found.errors.length > 0 || !/@grafana\/[^/]+\/dist\/esm\/.*\.mjs$/.test(found.path)) {
        return found;
      }
      return { path: found.path.replace(/\.mjs$/, '.js'), namespace: 'grafana', sideEffects: found.sideEffects };
    });
    build.onLoad({ filter: /.*/, namespace: 'grafana' }, async ({ path: file }) => {
      const source = file.replace(/\.js$/, '.mjs');
      return { contents: await readFile(source, 'utf8'), loader: 'js', resolveDir: path.dirname(source) };
    });
  },
};

await rm(outdir, { recursive: true, force: true });
await esbuild.build({
  absWorkingDir: here,
  entryPoints: { page: 'src/main.tsx' },
  outdir,
  bundle: true,
  minify: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  jsx: 'automatic',
  legalComments: 'none',
  logLevel: 'warning',
  // SystemJS has a "type" in its package.json that is its own.
  logOverride: { 'package.json': 'silent' },
  nodePaths: [grafanaModules],
  plugins: [grafanaInterop],
  // Packages that look for an AMD loader must not find SystemJS's, or they register there and export nothing.
  define: { 'process.env.NODE_ENV': '"production"', global: 'window', define: 'undefined' },
  loader: { '.svg': 'dataurl', '.png': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl' },
});
await copyFile(path.join(here, 'src/index.html'), path.join(outdir, 'index.html'));

// Where @grafana/ui looks for icons; a few that its components use are in Grafana's app only, so these are the page's own.
const icons = path.join(outdir, 'public/build/img/icons');
await cp(path.join(grafanaModules, '@grafana/ui/dist/public/img/icons'), icons, { recursive: true });
await cp(path.join(here, 'src/icons'), icons, { recursive: true });

// Grafana's fonts, under the names by which @grafana/ui asks for them.
const fonts = {
  'inter/Inter-Regular.woff2': 'inter/files/inter-latin-400-normal.woff2',
  'inter/Inter-Medium.woff2': 'inter/files/inter-latin-500-normal.woff2',
  'inter/Inter-Italic.woff2': 'inter/files/inter-latin-400-italic.woff2',
  'inter/Inter-MediumItalic.woff2': 'inter/files/inter-latin-500-italic.woff2',
  'roboto/L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ.woff2':
    'roboto-mono/files/roboto-mono-latin-400-normal.woff2',
};
for (const [name, source] of Object.entries(fonts)) {
  await cp(path.join(here, 'node_modules/@fontsource', source), path.join(outdir, 'public/fonts', name));
}
