import { Graph as LayeredGraph, layout } from '@dagrejs/dagre';

import type { Graph } from './readGraph';

export interface Place {
  x: number;
  y: number;
}

/** Where everything goes. */
export interface Layout {
  /** The middles of the nodes' circles, by id. */
  places: Map<string, Place>;
  /** Between which places an edge goes around the nodes in its way, by id. */
  routes: Map<string, Place[]>;
}

/** Room for a node's circle and the two lines of text under it. */
const NODE = { width: 130, height: 140 };
/** The text's part of that room lies under the circle. */
const TEXT_HEIGHT = 30;
const BETWEEN_LAYERS = 110;
const BETWEEN_NODES = 24;
const BETWEEN_EDGES = 28;

/** Callers to the left of whom they call, as Grafana's layered layout has them. */
export function layOut({ nodes, edges }: Graph): Layout {
  const layered = new LayeredGraph({ multigraph: true });
  layered.setGraph({ rankdir: 'LR', ranksep: BETWEEN_LAYERS, nodesep: BETWEEN_NODES, edgesep: BETWEEN_EDGES });
  layered.setDefaultEdgeLabel(() => ({}));
  nodes.forEach(({ id }) => layered.setNode(id, { ...NODE }));
  const routed = edges.filter(({ source, target }) => source !== target);
  routed.forEach(({ id, source, target }) => layered.setEdge(source, target, {}, id));
  layout(layered);
  return {
    places: new Map(nodes.map(({ id }) => [id, above(layered.node(id) as Place)])),
    routes: new Map(routed.map(({ id, source, target }) => [id, between(layered.edge(source, target, id))])),
  };
}

function above({ x, y }: Place): Place {
  return { x, y: y - TEXT_HEIGHT / 2 };
}

/** The first and last points lie on the nodes' borders, which are boxes there and circles here. */
function between({ points }: { points?: Place[] }): Place[] {
  return (points ?? []).slice(1, -1).map(above);
}
