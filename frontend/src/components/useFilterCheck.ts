import { useEffect, useId, useState } from 'react';

import { Resources } from '../datasource/resources';
import { Problem } from '../filter/problem';

const PAUSE_MILLIS = 300;

export interface CheckedFilter {
  /** The text that was checked: the filter with its variables filled in. */
  text: string;
  problem?: Problem;
}

/** Whether the nodes could read this filter; asked after a pause in typing. Empty filters are fine. */
export function useFilterCheck(text: string, resources: Resources): CheckedFilter | undefined {
  const requestId = useId();
  const [checked, setChecked] = useState<CheckedFilter>();
  useEffect(() => {
    if (text.trim() === '') {
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      resources.checkFilter(text, { requestId: `goldwire-check-${requestId}`, abortSignal: abort.signal }).then(
        (check) => !abort.signal.aborted && setChecked({ text, problem: check.ok ? undefined : check }),
        // The panel itself will say what is wrong with a data source that does not answer.
        () => undefined
      );
    }, PAUSE_MILLIS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text, resources, requestId]);
  return checked?.text === text ? checked : undefined;
}
