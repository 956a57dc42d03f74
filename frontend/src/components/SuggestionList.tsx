import { css, cx } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React, { useEffect, useLayoutEffect, useRef } from 'react';

import { Suggestion } from '../filter/suggest';
import { caretPosition } from './caretPosition';
import { Completion } from './useSuggestions';

/** Pixels between the line and the list, for the border of the text area. */
const GAP = 6;

interface SuggestionListProps {
  id: string;
  completion: Completion;
  active: number;
  area: HTMLTextAreaElement;
  /** The character of the area's text that the list stands under. */
  offset: number;
  onPick: (suggestion: Suggestion) => void;
}

/** The completion list under the caret. The text keeps the focus; the active line is told by `aria-activedescendant`. */
export function SuggestionList({ id, completion, active, area, offset, onPick }: SuggestionListProps) {
  const styles = useStyles2(getStyles);
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { left, top } = caretPosition(area, offset);
    Object.assign(list.current?.style ?? {}, { left: `${left}px`, top: `${top + GAP}px` });
  });
  const { suggestions, loading, error } = completion;
  if (suggestions.length === 0 && !loading && !error) {
    return null;
  }
  return (
    <div ref={list} className={styles.list}>
      <ul id={id} role="listbox" aria-label="Filter suggestions" className={styles.lines}>
        {suggestions.map((suggestion, index) => (
          <Line
            key={suggestion.insert}
            id={lineId(id, index)}
            suggestion={suggestion}
            isActive={index === active}
            onPick={onPick}
          />
        ))}
      </ul>
      {loading && <div className={styles.note}>Asking the nodes…</div>}
      {error && <div className={styles.note}>{error}</div>}
    </div>
  );
}

export function lineId(listId: string, index: number): string {
  return `${listId}-${index}`;
}

interface LineProps {
  id: string;
  suggestion: Suggestion;
  isActive: boolean;
  onPick: (suggestion: Suggestion) => void;
}

function Line({ id, suggestion, isActive, onPick }: LineProps) {
  const styles = useStyles2(getStyles);
  const line = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isActive) {
      line.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [isActive]);
  return (
    <li
      ref={line}
      id={id}
      role="option"
      aria-selected={isActive}
      className={cx(styles.line, isActive && styles.active)}
      // Pressing the mouse must not take the focus from the text.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onPick(suggestion)}
    >
      <span className={styles.label}>{suggestion.label}</span>
      {suggestion.description && <span className={styles.description}>{suggestion.description}</span>}
    </li>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    position: 'absolute',
    zIndex: theme.zIndex.dropdown,
    minWidth: 220,
    maxWidth: 560,
    background: theme.colors.background.elevated ?? theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    boxShadow: theme.shadows.z3,
  }),
  lines: css({ listStyle: 'none', margin: 0, padding: 0, maxHeight: 240, overflowY: 'auto' }),
  line: css({
    display: 'flex',
    gap: theme.spacing(2),
    padding: theme.spacing(0.5, 1),
    cursor: 'pointer',
    '&:hover': { background: theme.colors.action.hover },
  }),
  active: css({ background: theme.colors.action.selected }),
  label: css({ fontFamily: theme.typography.fontFamilyMonospace, whiteSpace: 'nowrap' }),
  description: css({
    color: theme.colors.text.secondary,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  }),
  note: css({ padding: theme.spacing(0.5, 1), color: theme.colors.text.secondary }),
});
