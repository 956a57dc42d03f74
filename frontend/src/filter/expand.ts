import { FieldKind } from './condition';
import { Token } from './tokens';
import { referencesIn, Resolve, Resolved } from './variables';
import { escapeGlob, escapeReferences, escapeRegex, quote, unquote, writeValue } from './write';

/** The values that a value with references stands for, written out; nothing where it stands for all. */
export function expandValues(token: Token, kind: FieldKind, resolve: Resolve): string[] | undefined {
  const { content, whole } = readToken(token);
  const resolved = whole ? resolve(content) : undefined;
  if (resolved?.kind === 'verbatim') {
    return [token.kind === 'string' ? quote(resolved.text) : resolved.text];
  }
  if (referencesIn(content).length === 0) {
    return [token.text];
  }
  const escape = kind === 'text' ? escapeGlob : escapeReferences;
  return expandContent(content, resolve, escape)?.map((value) => writeValue(value, kind));
}

/** The one regular expression for all values that its references stand for; nothing where they stand for all. */
export function expandPattern(token: Token, resolve: Resolve): string | undefined {
  const { content, whole } = readToken(token);
  const resolved = whole ? resolve(content) : undefined;
  const patterns = expandContent(content, resolve, escapeRegex);
  if (patterns === undefined) {
    return undefined;
  }
  // A value that was picked means itself and nothing that contains it.
  const isPicked = resolved?.kind === 'values' && resolved.exact;
  const alternatives = patterns.join('|');
  return quote(isPicked ? `^(?:${alternatives})$` : patterns.length > 1 ? `(?:${alternatives})` : alternatives);
}

/** References filled in as text, outside of any value; several values stand side by side, as Grafana writes them. */
export function expandText(text: string, resolve: Resolve): string {
  return pieces(text).reduce((filled, { before, reference }) => {
    return filled + before + (reference ? plain(resolve(reference)) : '');
  }, '');
}

/** The text of a value, and whether it is one reference and nothing else. */
function readToken(token: Token): { content: string; whole: boolean } {
  const content = token.kind === 'string' ? unquote(token.text) : token.text;
  const [first] = referencesIn(content);
  return { content, whole: first?.[0] === content };
}

/** Each combination of the values of the references is a text of its own. */
function expandContent(content: string, resolve: Resolve, escape: (value: string) => string): string[] | undefined {
  return pieces(content).reduce<string[] | undefined>(
    (texts, { before, reference }) => {
      const choices = reference === undefined ? [''] : choicesOf(resolve(reference), escape);
      return choices && texts?.flatMap((text) => choices.map((choice) => text + before + choice));
    },
    ['']
  );
}

/** A value that was picked from a list means itself; one that was typed may be a pattern. */
function choicesOf(resolved: Resolved, escape: (value: string) => string): string[] | undefined {
  switch (resolved.kind) {
    case 'all':
      return undefined;
    case 'verbatim':
      return [resolved.text];
    case 'values':
      return resolved.values.map(resolved.exact ? escape : escapeReferences);
  }
}

interface Piece {
  before: string;
  /** Absent behind the last reference. */
  reference?: string;
}

function pieces(text: string): Piece[] {
  const references = referencesIn(text);
  const ends = references.map((reference) => (reference.index ?? 0) + reference[0].length);
  const found = references.map((reference, at) => {
    return { before: text.slice(ends[at - 1] ?? 0, reference.index), reference: reference[0] };
  });
  return [...found, { before: text.slice(ends[ends.length - 1] ?? 0) }];
}

function plain(resolved: Resolved): string {
  switch (resolved.kind) {
    case 'all':
      return '';
    case 'verbatim':
      return resolved.text;
    case 'values':
      return resolved.values.join(',');
  }
}
