import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { TextArea, useStyles2 } from '@grafana/ui';
import React, { SyntheticEvent, useId, useLayoutEffect, useRef, useState } from 'react';

import { contextAt } from '../filter/caret';
import { complete, Suggestion } from '../filter/suggest';
import { lineId, SuggestionList } from './SuggestionList';
import { useCompletionKeys } from './useCompletionKeys';
import { SuggestionSource, useSuggestions } from './useSuggestions';

interface FilterTextProps {
  value: string;
  onChange: (text: string) => void;
  /** Enter was pressed, or the text was changed and left. */
  onDone: () => void;
  source: SuggestionSource;
  invalid?: boolean;
  placeholder?: string;
  id?: string;
  /** For screen readers. */
  name?: string;
}

/** A filter as text, with completion of fields, operators and values at the caret. */
export function FilterText({
  value,
  onChange,
  onDone,
  source,
  invalid,
  placeholder,
  id,
  name = 'Filter',
}: FilterTextProps) {
  const styles = useStyles2(getStyles);
  const listId = useId();
  const [area, setArea] = useState<HTMLTextAreaElement | null>(null);
  const [caret, setCaret] = useState(0);
  const wantedCaret = useRef<number | undefined>(undefined);
  const [isFocused, setFocused] = useState(false);
  const lastDone = useRef(value);
  const context = isFocused ? contextAt(value, caret) : undefined;
  const completion = useSuggestions(context, source);

  const pick = (suggestion: Suggestion) => {
    if (context) {
      const behind = context.from + suggestion.insert.length;
      onChange(complete(value, context, suggestion));
      wantedCaret.current = behind;
      setCaret(behind);
      keys.open();
    }
  };
  const done = () => {
    lastDone.current = value;
    onDone();
  };
  const isTyping = Boolean(context?.typed);
  const keys = useCompletionKeys({ suggestions: completion.suggestions, isTyping, onPick: pick, onEnter: done });

  // A new value sets the caret at its end; after a completion it belongs behind what was completed.
  useLayoutEffect(() => {
    if (wantedCaret.current !== undefined) {
      area?.setSelectionRange(wantedCaret.current, wantedCaret.current);
      wantedCaret.current = undefined;
    }
  }, [area, value]);

  const follow = (event: SyntheticEvent<HTMLTextAreaElement>) => setCaret(event.currentTarget.selectionStart);
  const leave = () => {
    setFocused(false);
    keys.close();
    if (value !== lastDone.current) {
      done();
    }
  };
  const isShown = keys.isOpen && context !== undefined;
  return (
    <div className={styles.frame}>
      <TextArea
        ref={setArea}
        id={id}
        aria-label={name}
        aria-autocomplete="list"
        aria-controls={isShown ? listId : undefined}
        aria-activedescendant={isShown && keys.active >= 0 ? lineId(listId, keys.active) : undefined}
        className={styles.text}
        value={value}
        rows={Math.max(1, value.split('\n').length)}
        spellCheck={false}
        invalid={invalid}
        placeholder={placeholder}
        onChange={(event) => {
          onChange(event.currentTarget.value);
          follow(event);
          keys.open();
        }}
        onSelect={follow}
        onKeyDown={keys.onKeyDown}
        onClick={keys.open}
        onFocus={() => setFocused(true)}
        onBlur={leave}
      />
      {isShown && area && (
        <SuggestionList
          id={listId}
          completion={completion}
          active={keys.active}
          area={area}
          offset={context.from}
          onPick={pick}
        />
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  frame: css({ position: 'relative', flexGrow: 1, minWidth: 240 }),
  text: css({ fontFamily: theme.typography.fontFamilyMonospace, resize: 'vertical' }),
});
