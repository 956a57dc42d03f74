export type TokenKind = 'word' | 'string' | 'operator' | 'open' | 'close' | 'comma';

/** A piece of a filter; `start` and `end` are offsets into its text. */
export interface Token {
  kind: TokenKind;
  text: string;
  start: number;
  end: number;
}

const PUNCTUATION: Record<string, TokenKind> = { '(': 'open', ')': 'close', ',': 'comma' };
// Alternatives in order: a string (perhaps unclosed), an operator, punctuation, a variable in braces or brackets
// within a word.
const PIECE =
  /"(?:[^"\\]|\\.)*"?|=~|!=|!~|<=|>=|[=<>]|[(),]|(?:\$\{[^}]*\}|\[\[[^\]]*\]\]|[^\s"=!<>(),]|!(?![=~]))+/gs;

/** Cuts a filter into its pieces. Never fails: completion and variables work on text that is being typed. */
export function tokenize(text: string): Token[] {
  return Array.from(text.matchAll(PIECE), (match) => {
    const start = match.index;
    return { kind: kindOfPiece(match[0]), text: match[0], start, end: start + match[0].length };
  });
}

export function isKeyword(token: Token | undefined, ...words: string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toLowerCase());
}

/** A string that was not closed, or anything else that the caret at its end still belongs to. */
export function isUnclosed(token: Token): boolean {
  return token.kind === 'string' && !/^"(?:[^"\\]|\\.)*"$/s.test(token.text);
}

function kindOfPiece(text: string): TokenKind {
  if (text.startsWith('"')) {
    return 'string';
  }
  return PUNCTUATION[text] ?? (/^[=!<>]/.test(text) ? 'operator' : 'word');
}
