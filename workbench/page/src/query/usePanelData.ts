import { LoadingState, type PanelData } from '@grafana/data';
import { useEffect, useState } from 'react';

import { type Question, runQueries } from './runQueries';

/** The answer to a question; while a newer one is awaited, the last rows stay. */
export function usePanelData(question: Question | undefined): PanelData | undefined {
  const [data, setData] = useState<PanelData>();
  useEffect(() => {
    if (!question) {
      return undefined;
    }
    const answers = runQueries(question).subscribe((next) => setData((last) => keepLast(last, next)));
    return () => answers.unsubscribe();
  }, [question]);
  return data;
}

function keepLast(last: PanelData | undefined, next: PanelData): PanelData {
  const waits = next.state === LoadingState.Loading && next.series.length === 0;
  return waits && last ? { ...next, series: last.series, annotations: last.annotations } : next;
}
