/** `latency desc`, `latency`: how a query writes the column it orders by. */
export interface Order {
  column: string;
  descending: boolean;
}

export function writeOrder({ column, descending }: Order): string {
  return descending ? `${column} desc` : column;
}

export function readOrder(text: string): Order {
  const [, column, direction] = /^\s*(.*?)(?:\s+(asc|desc))?\s*$/i.exec(text) ?? [];
  return { column: column ?? text, descending: direction?.toLowerCase() === 'desc' };
}
