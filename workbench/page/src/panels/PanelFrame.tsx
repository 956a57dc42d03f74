import { LoadingState, type FieldConfigSource, type PanelData } from '@grafana/data';
import { ErrorBoundaryAlert, Menu, PanelChrome, useTheme2 } from '@grafana/ui';
import { type ComponentType, useMemo, useState } from 'react';

import { applyOptions } from './applyOptions';
import { Inspect } from './Inspect';
import { kindOf } from './kinds';
import { Notices } from './Notices';
import { NoData } from './NoData';
import type { PanelProps } from './panelProps';

interface Props {
  title: string;
  description?: string;
  /** The panel's type, as dashboards name it; unknown ones are drawn as tables. */
  type: string;
  data: PanelData | undefined;
  fieldConfig: FieldConfigSource;
  options: Record<string, unknown>;
  width: number;
  height: number;
  onChangeTimeRange(from: number, to: number): void;
}

/** One panel: Grafana's frame with title, notices, errors and menu, and what the panel draws. */
export function PanelFrame(props: Props) {
  const { title, description, type, data, fieldConfig, options, width, height, onChangeTimeRange } = props;
  const theme = useTheme2();
  const [inspected, setInspected] = useState(false);
  const shown = useMemo(
    () => data && { ...data, series: applyOptions(data.series, fieldConfig, theme) },
    [data, fieldConfig, theme]
  );
  const kind = kindOf(type);
  const menu = (
    <Menu>
      <Menu.Item label="Inspect" icon="info-circle" onClick={() => setInspected(true)} />
    </Menu>
  );
  return (
    <section aria-label={`Panel ${title}`} data-state={data?.state ?? LoadingState.NotStarted}>
      <PanelChrome
        title={title}
        description={description}
        width={width}
        height={height}
        padding={kind.padding}
        loadingState={data?.state}
        statusMessage={data?.errors?.map(({ message }) => message).join('\n')}
        titleItems={shown && <Notices frames={shown.series} />}
        menu={menu}
      >
        {(innerWidth, innerHeight) =>
          shown && (
            <ErrorBoundaryAlert dependencies={[shown]}>
              <Body
                Kind={kind.Component}
                data={shown}
                timeRange={shown.timeRange}
                fieldConfig={fieldConfig}
                options={options}
                width={innerWidth}
                height={innerHeight}
                onChangeTimeRange={onChangeTimeRange}
              />
            </ErrorBoundaryAlert>
          )
        }
      </PanelChrome>
      {inspected && shown && <Inspect title={title} data={shown} onClose={() => setInspected(false)} />}
    </section>
  );
}

/** What there is to draw, or that there is nothing. */
function Body({ Kind, ...props }: PanelProps & { Kind: ComponentType<PanelProps> }) {
  const { data, width, height } = props;
  if (width <= 0 || height <= 0) {
    return null;
  }
  const empty = data.series.every(({ length }) => length === 0);
  if (empty) {
    return data.state === LoadingState.Loading ? null : <NoData />;
  }
  return <Kind {...props} />;
}
