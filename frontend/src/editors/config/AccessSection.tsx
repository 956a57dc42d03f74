import { Field, FieldSet, SecretInput } from '@grafana/ui';
import React from 'react';

import { Settings } from './settings';

/** What the nodes ask for before they answer. */
export function AccessSection({ isSecretSet, secret, setSecret, resetSecret }: Settings) {
  return (
    <FieldSet label="Access">
      <Field
        label="Token"
        description="The content of the file that the daemons were given as --token-file; empty where they have none"
        htmlFor="goldwire-token"
      >
        <SecretInput
          id="goldwire-token"
          aria-label="Token"
          width={40}
          autoComplete="new-password"
          isConfigured={isSecretSet('token')}
          value={secret('token')}
          placeholder="Token"
          onReset={() => resetSecret('token')}
          onChange={(event) => setSecret('token', event.currentTarget.value)}
        />
      </Field>
    </FieldSet>
  );
}
