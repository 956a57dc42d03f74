import { isClosed } from './write';

export type TokenKind = 'word' | 'string' | 'operator' | 'open' | 'close' | 'comma';

/** A piece of a filter; `start` and `end` are offsets into its text. */
export interface Token {
  kind: TokenKind;
  text: string;
  start: number;
  end: number;
}

const PUNCTUATION: Record<string, TokenKind> = { '(': 'open', ')': 'close', ',': 'comma' };
/**
 * Alternatives in order: a comment, a string (perhaps unclosed), an operator, punctuation, a label in quotes, a word;
 * variables in braces or brackets are words whatever they hold.
 */
const PIECE =
  /--[^\n]*|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|=~|!=|!~|<=|>=|[=<>!]|[(),]|\w+\.labels\."(?:[^"\\]|\\.)*"|(?:\$\{[^}]*\}|\[\[[^\]]*\]\]|[^\s"=!<>(),])+/gs;

/** Cuts a filter into its pieces. Never fails: completion and variables work on text that is being typed. */
export function tokenize(text: string): Token[] {
  const pieces = Array.from(text.matchAll(PIECE)).filter(([piece]) => !piece.startsWith('--'));
  return pieces.map(({ 0: piece, index }) => {
    return { kind: kindOfPiece(piece), text: piece, start: index, end: index + piece.length };
  });
}

export function isKeyword(token: Token | undefined, ...words: string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toLowerCase());
}

/** A string that was not closed, or anything else that the caret at its end still belongs to. */
export function isUnclosed(token: Token): boolean {
  return token.kind === 'string' && !isClosed(token.text);
}

function kindOfPiece(text: string): TokenKind {
  if (text.startsWith('"') || text.startsWith("'")) {
    return 'string';
  }
  return PUNCTUATION[text] ?? (/^[=!<>]/.test(text) ? 'operator' : 'word');
}
