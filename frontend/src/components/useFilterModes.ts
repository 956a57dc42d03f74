import { useEffect, useRef, useState } from 'react';

import { Resources } from '../datasource/resources';
import { Condition, FieldKind } from '../filter/condition';
import { readConditions } from '../filter/read';
import { referencesIn } from '../filter/variables';
import { writeFilter } from '../filter/write';

export type FilterMode = 'builder' | 'text';

export interface FilterModes {
  mode: FilterMode;
  conditions: Condition[];
  /** Why the text cannot be shown as rows; absent unless that was just tried. */
  refusal?: string;
  changeText: (text: string) => void;
  changeConditions: (conditions: Condition[]) => void;
  changeMode: (mode: FilterMode) => Promise<void>;
}

const NO_ROWS = 'This filter says more than rows can show, so it stays text.';
const UNREADABLE = 'The filter has to be mended before it can be shown as rows.';

interface State {
  mode: FilterMode;
  conditions: Condition[];
  refusal?: string;
}

/**
 * One filter in two forms. The text is the truth; the rows are kept beside it because one that is not filled in yet
 * has no text.
 */
export function useFilterModes(
  text: string,
  onChange: (text: string) => void,
  resources: Resources,
  kind: (field: string) => FieldKind
): FilterModes {
  const [state, setState] = useState<State>(() => initial(text));
  const written = useRef(text);

  // The query was changed from outside, by undo or by Explore's history.
  useEffect(() => {
    if (text !== written.current) {
      written.current = text;
      setState((previous) => (previous.mode === 'text' ? { ...previous, refusal: undefined } : initial(text)));
    }
  }, [text]);

  const emit = (next: string) => {
    written.current = next;
    onChange(next);
  };
  const changeText = (next: string) => {
    setState((previous) => (previous.mode === 'text' ? { ...previous, refusal: undefined } : initial(next)));
    emit(next);
  };
  const changeConditions = (conditions: Condition[]) => {
    setState({ mode: 'builder', conditions });
    emit(writeFilter(conditions, kind));
  };
  const changeMode = async (mode: FilterMode) => {
    if (mode === 'text') {
      setState({ mode, conditions: [] });
      return;
    }
    const rows = await toRows(text, resources);
    setState(typeof rows === 'string' ? { mode: 'text', conditions: [], refusal: rows } : { mode, conditions: rows });
  };
  return { ...state, changeText, changeConditions, changeMode };
}

/** What to begin with needs no answer from the backend: rows where the text plainly is some, else text. */
function initial(text: string): State {
  const conditions = text.trim() === '' ? [] : readConditions(text);
  return conditions ? { mode: 'builder', conditions } : { mode: 'text', conditions: [] };
}

/** The rows for a text, or why there are none. */
async function toRows(text: string, resources: Resources): Promise<Condition[] | string> {
  if (text.trim() === '') {
    return [];
  }
  if (referencesIn(text).length > 0) {
    return readConditions(text) ?? NO_ROWS;
  }
  try {
    const check = await resources.checkFilter(text);
    return check.ok ? (check.conditions ?? NO_ROWS) : UNREADABLE;
  } catch {
    return readConditions(text) ?? NO_ROWS;
  }
}
