import { stepProblem } from './step';

it.each([undefined, '', '500ms', '10s', '5m', '1h', '$__interval'])('takes %j', (step) => {
  expect(stepProblem(step)).toBeUndefined();
});

it.each(['10', '0s', '-5s', 's', '10 s', '1w'])('refuses %j', (step) => {
  expect(stepProblem(step)).toMatch(/10s/);
});
