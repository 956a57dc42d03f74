import type { Place } from './layout';

/** How far two edges between the same nodes bend away from each other. */
const BEND = 26;
/** From the circle to the arrow's point. */
const GAP = 6;

export interface Curve {
  path: string;
  /** Where a label goes. */
  middle: Place;
}

/** A line from one circle's border to another's; bent where there is one in the other direction too. */
export function curveBetween(from: Place, to: Place, fromRadius: number, toRadius: number, bent: boolean): Curve {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const bend = bent ? BEND : 0;
  const normal = { x: (-dy / length) * bend, y: (dx / length) * bend };
  const control = { x: (from.x + to.x) / 2 + normal.x, y: (from.y + to.y) / 2 + normal.y };
  const start = towards(from, control, fromRadius);
  const end = towards(to, control, toRadius + GAP);
  const middle = { x: (start.x + end.x) / 4 + control.x / 2, y: (start.y + end.y) / 4 + control.y / 2 };
  return { path: `M${start.x},${start.y} Q${control.x},${control.y} ${end.x},${end.y}`, middle };
}

/** A loop above a node that calls itself. */
export function loopOver({ x, y }: Place, radius: number): Curve {
  const top = y - radius;
  const path = `M${x - 14},${top + 4} C${x - 40},${top - 48} ${x + 40},${top - 48} ${x + 14},${top - GAP}`;
  return { path, middle: { x, y: top - 38 } };
}

function towards(from: Place, to: Place, distance: number): Place {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const share = distance / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
