import { css } from '@emotion/css';
import type { DataSourceSettings, GrafanaTheme2 } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { Alert, Button, ErrorBoundaryAlert, Field, Input, useStyles2 } from '@grafana/ui';
import { useState } from 'react';

import { backendService, messageOf } from '../../host/backendService';
import type { SavedDataSource } from '../../host/dataSourceService';
import { useBench } from '../../shell/context';

type Settings = DataSourceSettings<Record<string, unknown>, Record<string, string>>;

interface Tested {
  severity: 'success' | 'error';
  message: string;
}

/** A data source's settings in the plugin's own editor, with the button that saves and tests them. */
export function EditDataSource({ saved }: { saved: SavedDataSource }) {
  const styles = useStyles2(getStyles);
  const { plugin, sources } = useBench();
  const [settings, setSettings] = useState(() => toSettings(saved));
  const [tested, setTested] = useState<Tested>();
  const [busy, setBusy] = useState(false);
  const Editor = plugin.components.ConfigEditor;
  const path = `/api/datasources/uid/${saved.uid}`;
  const save = async () => {
    setBusy(true);
    setTested(undefined);
    try {
      await backendService.put(path, settings);
      await sources.reload();
      setSettings(toSettings(await backendService.get<SavedDataSource>(path)));
      setTested(await test(sources.find(saved.uid), sources));
    } catch (error) {
      setTested({ severity: 'error', message: messageOf(error) });
    } finally {
      setBusy(false);
    }
  };
  const remove = async () => {
    await backendService.delete(path);
    await sources.reload();
    locationService.push('/connections/datasources');
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Field label="Name">
        <Input
          id="data-source-name"
          width={40}
          value={settings.name}
          onChange={({ currentTarget }) => setSettings({ ...settings, name: currentTarget.value })}
        />
      </Field>
      <ErrorBoundaryAlert>
        {Editor && <Editor options={settings} onOptionsChange={(changed) => setSettings(changed as Settings)} />}
      </ErrorBoundaryAlert>
      {tested && (
        <Alert severity={tested.severity} title={tested.message} data-testid="health">
          {tested.severity === 'success' && 'Next, look at its dashboards or explore its data.'}
        </Alert>
      )}
      <div className={styles.buttons}>
        <Button variant="destructive" fill="outline" onClick={() => void remove()}>
          Delete
        </Button>
        <Button type="submit" disabled={busy}>
          Save &amp; test
        </Button>
      </div>
    </form>
  );
}

async function test(
  saved: SavedDataSource | undefined,
  sources: ReturnType<typeof useBench>['sources']
): Promise<Tested> {
  if (!saved) {
    throw new Error('the data source was deleted meanwhile');
  }
  const { status, message } = (await sources.instance(saved).testDatasource()) as { status: string; message: string };
  return { severity: status === 'success' ? 'success' : 'error', message };
}

/** Grafana's form of the settings; secrets come as no more than that they are there. */
function toSettings(saved: SavedDataSource): Settings {
  return {
    ...saved,
    orgId: 1,
    access: 'proxy',
    user: '',
    database: '',
    basicAuth: false,
    basicAuthUser: '',
    withCredentials: false,
    typeLogoUrl: '',
    typeName: saved.type,
    secureJsonData: {},
  };
}

const getStyles = (theme: GrafanaTheme2) => ({
  form: css({ padding: theme.spacing(2), maxWidth: 900 }),
  buttons: css({ display: 'flex', gap: theme.spacing(1), marginTop: theme.spacing(2) }),
});
