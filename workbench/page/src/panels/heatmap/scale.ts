import type { Heatmap } from './cells';

/** From values to shares of the panel's height, counted from below. */
export interface ValueScale {
  shareOf(value: number): number;
  /** Values to write beside the panel. */
  ticks: Tick[];
}

export interface Tick {
  value: number;
  /** Written as it stands, rather than as a value with its unit. */
  text?: string;
}

/** Bands lie evenly; numbers lie by their logarithms, as latencies and sizes are spread. */
export function valueScale({ cells, bands }: Heatmap, mostTicks: number): ValueScale {
  if (bands) {
    const every = Math.ceil(bands.length / mostTicks);
    const ticks = bands.map((text, band) => ({ text, value: band + 0.5 })).filter((_, band) => band % every === 0);
    return { shareOf: (value) => value / bands.length, ticks };
  }
  const low = cells.reduce((least, cell) => Math.min(least, positive(cell.low, cell.high)), Infinity);
  const high = cells.reduce((most, cell) => Math.max(most, cell.high), 0);
  const height = Math.log(high / low) || 1;
  const ticks = roundValues(low, high, mostTicks).map((value) => ({ value }));
  return { shareOf: (value) => Math.log(Math.max(value, low) / low) / height, ticks };
}

/** A band that begins at nothing has no logarithm there; half of its end is as good as any place. */
function positive(low: number, high: number): number {
  return low > 0 ? low : high / 2;
}

/** The roundest values of a range: those of 1, 2 and 5 times the powers of ten, or fewer where there is no room. */
function roundValues(low: number, high: number, most: number): number[] {
  const powers = Array.from(
    { length: Math.ceil(Math.log10(high / low)) + 2 },
    (_, index) => 10 ** (Math.floor(Math.log10(low)) + index)
  );
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const values = powers.flatMap((power) => steps.map((step) => step * power));
    const within = values.filter((value) => value >= low && value <= high);
    if (within.length <= most) {
      return within;
    }
  }
  return powers.filter((power, index) => index % 3 === 0 && power >= low && power <= high);
}
