const STEP = /^\d*[1-9]\d*(ms|s|m|h|d)$/;

/** What is wrong with the width of a step, if anything. A template variable is taken at its word. */
export function stepProblem(step: string | undefined): string | undefined {
  if (!step || step.includes('$') || STEP.test(step)) {
    return undefined;
  }
  return 'Write a number and a unit, such as 10s or 5m';
}
