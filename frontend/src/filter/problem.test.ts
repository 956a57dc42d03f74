import { mark, mend, Problem } from './problem';

const problem = (position: number, length: number, suggestion: string | null = null): Problem => {
  return { ok: false, message: 'unknown field', position, length, expected: [], suggestion };
};

it('marks what is at fault', () => {
  expect(mark('a = 1 and wrkload = 2', problem(10, 7))).toEqual({
    before: 'a = 1 and ',
    fault: 'wrkload',
    after: ' = 2',
  });
});

it('counts characters where JavaScript counts units', () => {
  expect(mark('a = "🚀🚀" nd b', problem(9, 2)).fault).toBe('nd');
});

it('marks the end where something is missing', () => {
  expect(mark('a =', problem(3, 0))).toEqual({ before: 'a =', fault: '', after: '' });
});

it('mends with the suggestion', () => {
  expect(mend('destination.wrkload = 2', problem(0, 19, 'destination.workload'))).toBe('destination.workload = 2');
});
