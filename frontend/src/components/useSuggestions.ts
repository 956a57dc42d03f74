import { useEffect, useId, useState } from 'react';

import { FieldEntry, messageOf, Resources } from '../datasource/resources';
import { CaretContext } from '../filter/caret';
import { FieldKind } from '../filter/condition';
import {
  hasValues,
  labelKeys,
  labelSuggestions,
  localSuggestions,
  Suggestion,
  valuePrefix,
  valueSuggestions,
} from '../filter/suggest';
import { useLatest } from './useLatest';

const PAUSE_MILLIS = 200;
const LIMIT = 50;

export interface Completion {
  suggestions: Suggestion[];
  loading: boolean;
  error?: string;
}

/** Milliseconds since the epoch. */
export interface TimeWindow {
  from: number;
  to: number;
}

export interface SuggestionSource {
  resources: Resources;
  fields: readonly FieldEntry[];
  kind: (field: string) => FieldKind;
  /** Values are asked for from this window. */
  window?: TimeWindow;
}

interface Answer {
  key: string;
  values: string[];
  error?: string;
}

const NOTHING: Completion = { suggestions: [], loading: false };

/** What could stand at the caret: what is known here at once, values when the nodes have answered. */
export function useSuggestions(context: CaretContext | undefined, source: SuggestionSource): Completion {
  const kind = source.kind(context?.field ?? '');
  const key = context && asksNodes(context, kind) ? keyOf(context) : '';
  const answer = useValues(key, source.resources, source.window);
  if (!context) {
    return NOTHING;
  }
  const local = localSuggestions(context, source.fields, kind);
  const isFresh = key !== '' && answer.key === key;
  return {
    suggestions: isFresh ? [...local, ...fromNodes(answer.values, context, kind)] : local,
    loading: key !== '' && !isFresh,
    error: isFresh ? answer.error : undefined,
  };
}

/** Asks the nodes after a pause in typing. A question that is no longer wanted is cancelled, and its answer dropped. */
function useValues(key: string, resources: Resources, window: TimeWindow | undefined): Answer {
  const requestId = useId();
  const latestWindow = useLatest(window);
  const [answer, setAnswer] = useState<Answer>({ key: '', values: [] });
  useEffect(() => {
    if (!key) {
      return;
    }
    const abort = new AbortController();
    const settle = (next: Answer) => !abort.signal.aborted && setAnswer(next);
    const timer = setTimeout(() => {
      const request = { ...JSON.parse(key), limit: LIMIT, ...latestWindow.current };
      resources.values(request, { requestId: `goldwire-completion-${requestId}`, abortSignal: abort.signal }).then(
        (values) => settle({ key, values }),
        (error) => settle({ key, values: [], error: messageOf(error) })
      );
    }, PAUSE_MILLIS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, resources, requestId, latestWindow]);
  return answer;
}

function asksNodes(context: CaretContext, kind: FieldKind): boolean {
  if (context.expects === 'field') {
    return labelKeys(context.typed) !== undefined;
  }
  return (context.expects === 'value' || context.expects === 'list') && Boolean(context.field) && hasValues(kind);
}

function fromNodes(values: readonly string[], context: CaretContext, kind: FieldKind): Suggestion[] {
  return context.expects === 'field' ? labelSuggestions(values, context.typed) : valueSuggestions(values, context, kind);
}

/** Says what is asked, so that an answer can be told from that to an older question. */
function keyOf(context: CaretContext): string {
  const asked = context.expects === 'field' ? labelKeys(context.typed) : undefined;
  return JSON.stringify(asked ?? { field: context.field, prefix: valuePrefix(context) });
}
