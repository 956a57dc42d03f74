import { isKeyword, isUnclosed, Token, tokenize } from './tokens';

/** What may stand at the caret. */
export type Expects = 'field' | 'operator' | 'value' | 'list' | 'joiner';

/** Where the caret is in a filter that is being typed. */
export interface CaretContext {
  expects: Expects;
  /** Of the comparison that the caret is in. */
  field?: string;
  operator?: string;
  /** What was typed of the word at the caret, up to the caret. */
  typed: string;
  /** The word at the caret, which a completion replaces. */
  from: number;
  to: number;
}

interface Place {
  expects: Expects | 'list-next';
  field?: string;
  operator?: string;
}

export function contextAt(text: string, caret: number): CaretContext {
  const tokens = tokenize(text);
  const touched = tokens.find((token) => isTouched(token, caret));
  const before = tokens.filter((token) => token.end <= caret && token !== touched);
  const place = before.reduce(advance, { expects: 'field' } as Place);
  return {
    ...place,
    expects: place.expects === 'list-next' ? 'joiner' : place.expects,
    typed: touched ? text.slice(touched.start, caret) : '',
    from: touched?.start ?? caret,
    to: touched?.end ?? caret,
  };
}

/** The caret is within this word, or right behind it and would go on with it. */
function isTouched(token: Token, caret: number): boolean {
  if (token.kind !== 'word' && token.kind !== 'string' && token.kind !== 'operator') {
    return false;
  }
  const goesOn = token.kind !== 'string' || isUnclosed(token);
  return token.start < caret && (caret < token.end || (caret === token.end && goesOn));
}

function advance(place: Place, token: Token): Place {
  switch (place.expects) {
    case 'field':
      return token.kind === 'word' && !isKeyword(token, 'not') ? { expects: 'operator', field: token.text } : place;
    case 'operator':
      return afterOperator(place, token);
    case 'list':
      return token.kind === 'word' || token.kind === 'string' ? { ...place, expects: 'list-next' } : place;
    case 'list-next':
      return token.kind === 'comma' ? { ...place, expects: 'list' } : { expects: 'joiner' };
    case 'value':
      return { expects: 'joiner' };
    case 'joiner':
      return isKeyword(token, 'and', 'or') ? { expects: 'field' } : place;
  }
}

function afterOperator(place: Place, token: Token): Place {
  const operator = token.text.toLowerCase();
  if (operator === 'not') {
    return place;
  }
  return { ...place, operator, expects: operator === 'in' ? 'list' : 'value' };
}
