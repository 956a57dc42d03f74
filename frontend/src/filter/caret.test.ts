import { CaretContext, contextAt } from './caret';

/** The context at the `|` in a text. */
function at(marked: string): CaretContext {
  return contextAt(marked.replace('|', ''), marked.indexOf('|'));
}

describe('contextAt', () => {
  it.each<[string, Partial<CaretContext>]>([
    ['|', { expects: 'field', typed: '' }],
    ['dest|', { expects: 'field', typed: 'dest', from: 0, to: 4 }],
    ['de|st', { expects: 'field', typed: 'de', from: 0, to: 4 }],
    ['not |', { expects: 'field' }],
    ['(sou|', { expects: 'field', typed: 'sou', from: 1 }],
    ['verdict |', { expects: 'operator', field: 'verdict', typed: '' }],
    ['verdict !|', { expects: 'operator', field: 'verdict' }],
    ['verdict = |', { expects: 'value', field: 'verdict', operator: '=', typed: '' }],
    ['verdict = dr|', { expects: 'value', typed: 'dr', from: 10, to: 12 }],
    ['verdict = "dr|', { expects: 'value', typed: '"dr', from: 10, to: 13 }],
    ['verdict = "dr|"', { expects: 'value', typed: '"dr', from: 10, to: 14 }],
    ['verdict = "dropped"|', { expects: 'joiner', typed: '' }],
    ['verdict = "dropped" |', { expects: 'joiner' }],
    ['verdict = "dropped" an|', { expects: 'joiner', typed: 'an' }],
    ['verdict = "dropped" and |', { expects: 'field' }],
    ['verdict not |', { expects: 'operator', field: 'verdict' }],
    ['verdict not in (|', { expects: 'list', field: 'verdict' }],
    ['verdict in (|', { expects: 'list', field: 'verdict', operator: 'in' }],
    ['verdict in ("a", |', { expects: 'list', field: 'verdict' }],
    ['verdict in ("a", "b|")', { expects: 'list', typed: '"b' }],
    ['verdict in ("a"|', { expects: 'joiner' }],
    ['verdict in ("a") |', { expects: 'joiner' }],
    ['(verdict = 1) or |', { expects: 'field' }],
    ['a = "x" and |b = 1', { expects: 'field', typed: '' }],
  ])('%s', (marked, context) => {
    expect(at(marked)).toMatchObject(context);
  });
});
