const ADDRESS = /^(?:https?:\/\/)?(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?))(?::(\d+))?$/;

/** What is wrong with the address of a node, if anything. */
export function addressProblem(address: string): string | undefined {
  const text = address.trim();
  if (text === '') {
    return 'Write host:port, or remove this row';
  }
  const [match, , , port] = ADDRESS.exec(text) ?? [];
  if (match === undefined) {
    return /^[^[\]]*:[^[\]]*:[^[\]]*$/.test(text.replace(/^https?:\/\//, ''))
      ? 'Write an IPv6 address in brackets, such as [2001:db8::1]:4270'
      : 'Write host:port, such as node-1:4270 or https://node-1:4270';
  }
  if (port === undefined) {
    return `Add the port, such as ${text}:4270`;
  }
  return portProblem(Number(port));
}

export function portProblem(port: number): string | undefined {
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? undefined : 'A port is a number from 1 to 65535';
}
