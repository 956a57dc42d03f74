import { Button, Field, FieldSet, IconButton, Input, Stack } from '@grafana/ui';
import React from 'react';

import { NumberInput } from '../../components/NumberInput';
import { replaceAt } from '../../components/replaceAt';
import { addressProblem, portProblem } from './nodeAddress';
import { Settings } from './settings';

const DEFAULT_PORT = 4270;

/** Where the node daemons are. */
export function NodesSection({ options, set }: Settings) {
  const nodes = options.nodes ?? [];
  const change = (changed: string[]) => set({ nodes: changed });
  return (
    <FieldSet label="Nodes">
      <Field
        label="Addresses"
        description="host:port of each Goldwire daemon; https://host:port for one that speaks TLS"
      >
        <Stack direction="column" gap={1} alignItems="flex-start">
          {nodes.map((node, index) => (
            <NodeRow
              key={index}
              number={index + 1}
              address={node}
              onChange={(address) => change(replaceAt(nodes, index, address))}
              onRemove={() => change(replaceAt(nodes, index))}
            />
          ))}
          <Button variant="secondary" size="sm" icon="plus" onClick={() => change([...nodes, ''])}>
            Add node
          </Button>
        </Stack>
      </Field>
      <Discovery options={options} set={set} />
    </FieldSet>
  );
}

interface NodeRowProps {
  number: number;
  address: string;
  onChange: (address: string) => void;
  onRemove: () => void;
}

function NodeRow({ number, address, onChange, onRemove }: NodeRowProps) {
  const problem = addressProblem(address);
  return (
    <Stack direction="row" gap={0.5} alignItems="baseline">
      <Field noMargin invalid={Boolean(problem)} error={problem}>
        <Input
          aria-label={`Node ${number} address`}
          width={40}
          value={address}
          placeholder={`node-${number}:${DEFAULT_PORT}`}
          onChange={(event) => onChange(event.currentTarget.value)}
          onBlur={() => onChange(address.trim())}
        />
      </Field>
      <IconButton name="trash-alt" aria-label={`Remove node ${number}`} onClick={onRemove} />
    </Stack>
  );
}

/** A DNS name instead of, or beside, the list: its addresses are the nodes, as they come and go. */
function Discovery({ options, set }: Pick<Settings, 'options' | 'set'>) {
  const port = options.nodesPort;
  const problem = port === undefined ? undefined : portProblem(port);
  return (
    <Stack direction="row" gap={2}>
      <Field
        label="DNS name"
        description="Each address of this name is a node, such as a headless Kubernetes service"
        htmlFor="goldwire-nodes-dns"
      >
        <Input
          id="goldwire-nodes-dns"
          aria-label="DNS name"
          width={40}
          value={options.nodesDns ?? ''}
          placeholder="goldwire.monitoring.svc.cluster.local"
          onChange={(event) => set({ nodesDns: event.currentTarget.value.trim() || undefined })}
        />
      </Field>
      <Field
        label="DNS port"
        description="Port of the daemons behind the name"
        htmlFor="goldwire-nodes-port"
        invalid={Boolean(problem)}
        error={problem}
      >
        <NumberInput
          id="goldwire-nodes-port"
          aria-label="DNS port"
          max={65535}
          value={port}
          placeholder={String(DEFAULT_PORT)}
          onChange={(nodesPort) => set({ nodesPort })}
        />
      </Field>
    </Stack>
  );
}
