import { createRoot } from 'react-dom/client';

import { messageOf } from './host/backendService';
import { loadPlugin } from './host/plugin';
import { startDataSources, startServices } from './host/services';
import { shareModules } from './host/sharedModules';
import { Page } from './shell/Page';

async function start(mount: HTMLElement): Promise<void> {
  shareModules();
  const { theme, templates } = startServices();
  const plugin = await loadPlugin();
  const sources = await startDataSources(plugin);
  createRoot(mount).render(<Page theme={theme} bench={{ plugin, sources, templates }} />);
}

const mount = document.getElementById('page');
if (mount) {
  start(mount).catch((error: unknown) => {
    mount.style.color = 'white';
    mount.textContent = `The workbench could not start: ${messageOf(error)}`;
  });
}
