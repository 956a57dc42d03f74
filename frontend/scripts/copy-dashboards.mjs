// The dashboards have one source, src/dashboards. Grafana's provisioning folder gets a copy with each build.
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const frontend = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(frontend, 'src', 'dashboards');
const provisioning = join(frontend, '..', 'provisioning');

// A container that builds the plugin alone has no such folder.
if (existsSync(provisioning)) {
  const target = join(provisioning, 'dashboards');
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(source).filter((file) => file.endsWith('.json'))) {
    copyFileSync(join(source, name), join(target, name));
  }
}
