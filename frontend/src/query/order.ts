/** A column that rows are ordered by. */
export interface Order {
  column: string;
  descending: boolean;
}

/** `-latency` for the largest first, as queries write it. */
export function writeOrder({ column, descending }: Order): string {
  return descending ? `-${column}` : column;
}

export function readOrder(text: string): Order {
  return text.startsWith('-') ? { column: text.slice(1), descending: true } : { column: text, descending: false };
}
