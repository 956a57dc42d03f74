import type { Place } from './layout';

/** From the circle to the arrow's point. */
const GAP = 6;

export interface Curve {
  path: string;
  /** Where a label goes. */
  middle: Place;
}

/** A circle of a node. */
export interface Circle extends Place {
  radius: number;
}

/** A smooth line from one circle's border to another's along a route. */
export function curveAlong(from: Circle, to: Circle, route: Place[]): Curve {
  const start = towards(from, route[0] ?? to, from.radius);
  const end = towards(to, route.at(-1) ?? from, to.radius + GAP);
  if (route.length === 0) {
    return { path: `M${write(start)} L${write(end)}`, middle: halfway(start, end) };
  }
  const turns = route.map((place, index) => {
    const next = route[index + 1];
    return `Q${write(place)} ${write(next ? halfway(place, next) : end)}`;
  });
  return { path: `M${write(start)} ${turns.join(' ')}`, middle: middleOf(start, end, route) };
}

/** A loop above a node that calls itself. */
export function loopOver({ x, y, radius }: Circle): Curve {
  const top = y - radius;
  const path = `M${x - 14},${top + 4} C${x - 40},${top - 48} ${x + 40},${top - 48} ${x + 14},${top - GAP}`;
  return { path, middle: { x, y: top - 38 } };
}

/** A curve of one turn passes half as far from its ends' middle as the turn is; longer ones pass by their own middle. */
function middleOf(start: Place, end: Place, route: Place[]): Place {
  const half = route.length / 2;
  if (route.length === 1) {
    return halfway(halfway(start, end), route[0]);
  }
  return halfway(route[Math.ceil(half) - 1], route[Math.floor(half)]);
}

function towards(from: Place, to: Place, distance: number): Place {
  const share = distance / (Math.hypot(to.x - from.x, to.y - from.y) || 1);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function halfway(a: Place, b: Place): Place {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function write({ x, y }: Place): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
