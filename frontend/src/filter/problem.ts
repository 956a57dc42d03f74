import { FilterCheck } from '../datasource/resources';

export type Problem = Extract<FilterCheck, { ok: false }>;

/** A text in three parts, the middle one at fault. */
export interface Marked {
  before: string;
  fault: string;
  after: string;
}

/** Cuts the text at the problem. Positions count characters, where a JavaScript string counts UTF-16 units. */
export function mark(text: string, { position, length }: Pick<Problem, 'position' | 'length'>): Marked {
  const characters = Array.from(text);
  const end = position + Math.max(length, 0);
  return {
    before: characters.slice(0, position).join(''),
    fault: characters.slice(position, end).join(''),
    after: characters.slice(end).join(''),
  };
}

/** The text with the suggestion in place of what is at fault. */
export function mend(text: string, problem: Problem): string {
  const { before, after } = mark(text, problem);
  return before + (problem.suggestion ?? '') + after;
}
