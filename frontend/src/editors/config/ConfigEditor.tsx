import { Box, Text } from '@grafana/ui';
import React from 'react';

import { AccessSection } from './AccessSection';
import { LimitsSection } from './LimitsSection';
import { NodesSection } from './NodesSection';
import { ConfigProps, settingsOf } from './settings';
import { TlsSection } from './TlsSection';
import { TracesSection } from './TracesSection';

/** The settings of the data source; those from a provisioning file cannot be changed here. */
export function ConfigEditor(props: ConfigProps) {
  const settings = settingsOf(props);
  return (
    <fieldset disabled={props.options.readOnly}>
      <Box marginBottom={4}>
        <Text element="p" color="secondary">
          Goldwire asks the daemons on your nodes directly. Name them one by one or by a DNS name; each runs{' '}
          <code>goldwire daemon</code>.
        </Text>
      </Box>
      <NodesSection {...settings} />
      <TlsSection {...settings} />
      <AccessSection {...settings} />
      <LimitsSection uid={props.options.uid} settings={settings} />
      <TracesSection {...settings} />
    </fieldset>
  );
}
