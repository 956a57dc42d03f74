import { RefreshPicker, TimeRangePicker } from '@grafana/ui';

import { type Clock, shifted, zoomedOut } from '../query/timeRange';

const INTERVALS = ['5s', '10s', '30s', '1m', '5m'];
const QUICK_RANGES = ['5m', '15m', '30m', '1h', '3h', '6h', '12h', '24h'].map((ago) => ({
  from: `now-${ago}`,
  to: 'now',
  display: `Last ${ago.replace('m', ' minutes').replace('h', ago === '1h' ? ' hour' : ' hours')}`,
}));

interface Props {
  clock: Clock;
  isLoading?: boolean;
}

/** Grafana's own time range and refresh pickers. */
export function ClockControls({ clock, isLoading }: Props) {
  return (
    <>
      <TimeRangePicker
        value={clock.range}
        quickRanges={QUICK_RANGES}
        onChange={({ raw }) => clock.setRange(raw)}
        onChangeTimeZone={() => undefined}
        onMoveBackward={() => clock.setRange(shifted(clock.range, -1))}
        onMoveForward={() => clock.setRange(shifted(clock.range, 1))}
        onZoom={() => clock.setRange(zoomedOut(clock.range))}
        isOnCanvas
      />
      <RefreshPicker
        value={clock.interval}
        intervals={INTERVALS}
        isLoading={isLoading}
        onIntervalChanged={clock.setInterval}
        onRefresh={clock.refresh}
        isOnCanvas
      />
    </>
  );
}
