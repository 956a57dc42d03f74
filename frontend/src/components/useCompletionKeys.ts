import { KeyboardEvent, useState } from 'react';

import { Suggestion } from '../filter/suggest';

export interface CompletionKeys {
  isOpen: boolean;
  /** Line that Enter would take; -1: none. */
  active: number;
  open: () => void;
  close: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

interface Behaviour {
  suggestions: readonly Suggestion[];
  /** Something was typed that the first suggestion goes on with. */
  isTyping: boolean;
  onPick: (suggestion: Suggestion) => void;
  /** Enter, where it does not take a suggestion. */
  onEnter: () => void;
}

/** Opens, walks and closes the completion list by the keys that editors have for it. */
export function useCompletionKeys({ suggestions, isTyping, onPick, onEnter }: Behaviour): CompletionKeys {
  const [isOpen, setOpen] = useState(false);
  const [walked, setWalked] = useState<number>();
  const first = isTyping && suggestions.length > 0 ? 0 : -1;
  const active = isOpen ? Math.min(walked ?? first, suggestions.length - 1) : -1;

  const open = () => {
    setOpen(true);
    setWalked(undefined);
  };
  const close = () => setOpen(false);
  const walk = (by: number) => {
    const count = suggestions.length;
    const next = active < 0 && by < 0 ? count - 1 : (active + by + count) % count;
    setWalked(count > 0 ? next : undefined);
    setOpen(true);
  };
  const take = (event: KeyboardEvent) => {
    if (active >= 0) {
      event.preventDefault();
      onPick(suggestions[active]);
    }
    return active >= 0;
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      walk(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      if (!take(event)) {
        close();
        onEnter();
      }
    } else if (event.key === 'Tab' && !event.shiftKey) {
      take(event);
    } else if (event.key === 'Escape' && isOpen) {
      event.stopPropagation();
      close();
    } else if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      open();
    }
  };
  return { isOpen, active, open, close, onKeyDown };
}
