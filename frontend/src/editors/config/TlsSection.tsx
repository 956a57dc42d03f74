import { Field, FieldSet, Input, SecretTextArea, Switch } from '@grafana/ui';
import React from 'react';

import { GoldwireOptions, GoldwireSecrets } from '../../query/model';
import { Settings } from './settings';

/** How the connections to the nodes are secured. Any of these switches TLS on for all of them. */
export function TlsSection(settings: Settings) {
  const { options, set } = settings;
  return (
    <FieldSet label="TLS">
      <TlsSwitch
        settings={settings}
        name="tlsAuthWithCACert"
        label="Own certificate authority"
        description="Check the nodes' certificates against this authority instead of the system's"
      />
      {options.tlsAuthWithCACert && (
        <Pem settings={settings} name="tlsCACert" label="CA certificate" begin="CERTIFICATE" />
      )}
      <TlsSwitch
        settings={settings}
        name="tlsAuth"
        label="Client certificate"
        description="Show a certificate to nodes that ask for one (mutual TLS)"
      />
      {options.tlsAuth && (
        <>
          <Pem settings={settings} name="tlsClientCert" label="Client certificate (PEM)" begin="CERTIFICATE" />
          <Pem settings={settings} name="tlsClientKey" label="Client key (PEM)" begin="PRIVATE KEY" />
        </>
      )}
      <Field
        label="Server name"
        description="The name in the nodes' certificates, where it is not the one they are reached by"
        htmlFor="goldwire-server-name"
      >
        <Input
          id="goldwire-server-name"
          aria-label="Server name"
          width={40}
          value={options.serverName ?? ''}
          placeholder="goldwire.example.com"
          onChange={(event) => set({ serverName: event.currentTarget.value.trim() || undefined })}
        />
      </Field>
      <TlsSwitch
        settings={settings}
        name="tlsSkipVerify"
        label="Skip TLS verification"
        description="Encrypt, but take any certificate: whoever is in between can read everything"
      />
    </FieldSet>
  );
}

interface TlsSwitchProps {
  settings: Settings;
  name: keyof GoldwireOptions & ('tlsAuth' | 'tlsAuthWithCACert' | 'tlsSkipVerify');
  label: string;
  description: string;
}

function TlsSwitch({ settings, name, label, description }: TlsSwitchProps) {
  const id = `goldwire-${name}`;
  return (
    <Field label={label} description={description} htmlFor={id}>
      <Switch
        id={id}
        aria-label={label}
        value={Boolean(settings.options[name])}
        onChange={(event) => settings.set({ [name]: event.currentTarget.checked })}
      />
    </Field>
  );
}

interface PemProps {
  settings: Settings;
  name: keyof GoldwireSecrets;
  label: string;
  /** What stands in the first line of such a file. */
  begin: string;
}

function Pem({ settings, name, label, begin }: PemProps) {
  const id = `goldwire-${name}`;
  return (
    <Field label={label} htmlFor={id}>
      <SecretTextArea
        id={id}
        aria-label={label}
        cols={60}
        rows={6}
        isConfigured={settings.isSecretSet(name)}
        value={settings.secret(name)}
        placeholder={`Begins with -----BEGIN ${begin}-----`}
        onReset={() => settings.resetSecret(name)}
        onChange={(event) => settings.setSecret(name, event.currentTarget.value)}
      />
    </Field>
  );
}
