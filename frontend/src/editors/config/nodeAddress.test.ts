import { addressProblem } from './nodeAddress';

it.each(['node-1:4270', '10.0.0.1:4270', '[2001:db8::1]:4270', 'https://node-1.example.com:443', ' node:1 '])(
  'takes %s',
  (address) => {
    expect(addressProblem(address)).toBeUndefined();
  }
);

it.each([
  ['', /host:port/],
  ['node-1', /Add the port, such as node-1:4270/],
  ['https://node-1', /Add the port/],
  ['node-1:0', /1 to 65535/],
  ['node-1:70000', /1 to 65535/],
  ['2001:db8::1', /brackets/],
  ['node 1:4270', /host:port/],
  ['-node:4270', /host:port/],
  ['http://node-1:4270/path', /host:port/],
])('refuses %j', (address, problem) => {
  expect(addressProblem(address)).toMatch(problem);
});
