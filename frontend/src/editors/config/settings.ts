import { DataSourcePluginOptionsEditorProps } from '@grafana/data';

import { GoldwireOptions, GoldwireSecrets } from '../../query/model';

export type ConfigProps = DataSourcePluginOptionsEditorProps<GoldwireOptions, GoldwireSecrets>;

/** The settings as the parts of the editor read and change them. */
export interface Settings {
  options: GoldwireOptions;
  set: (part: Partial<GoldwireOptions>) => void;
  isSecretSet: (name: keyof GoldwireSecrets) => boolean;
  secret: (name: keyof GoldwireSecrets) => string;
  setSecret: (name: keyof GoldwireSecrets, value: string) => void;
  resetSecret: (name: keyof GoldwireSecrets) => void;
}

export function settingsOf({ options, onOptionsChange }: ConfigProps): Settings {
  const { jsonData, secureJsonData, secureJsonFields } = options;
  return {
    options: jsonData ?? {},
    set: (part) => onOptionsChange({ ...options, jsonData: { ...jsonData, ...part } }),
    isSecretSet: (name) => Boolean(secureJsonFields?.[name]),
    secret: (name) => secureJsonData?.[name] ?? '',
    setSecret: (name, value) => {
      onOptionsChange({ ...options, secureJsonData: { ...secureJsonData, [name]: value } });
    },
    resetSecret: (name) => {
      onOptionsChange({
        ...options,
        secureJsonFields: { ...secureJsonFields, [name]: false },
        secureJsonData: { ...secureJsonData, [name]: '' },
      });
    },
  };
}
