import { Graph as LayeredGraph, layout } from '@dagrejs/dagre';

import type { Graph } from './readGraph';

export interface Place {
  x: number;
  y: number;
}

/** Room for a node's circle and the two lines of text under it. */
const NODE = { width: 130, height: 140 };
const BETWEEN_LAYERS = 110;
const BETWEEN_NODES = 24;

/** Callers to the left of whom they call, as Grafana's layered layout has them; gives the middles of the nodes. */
export function placesOf({ nodes, edges }: Graph): Map<string, Place> {
  const layered = new LayeredGraph({ multigraph: true });
  layered.setGraph({ rankdir: 'LR', ranksep: BETWEEN_LAYERS, nodesep: BETWEEN_NODES });
  layered.setDefaultEdgeLabel(() => ({}));
  nodes.forEach(({ id }) => layered.setNode(id, { ...NODE }));
  edges.filter(({ source, target }) => source !== target).forEach(({ id, source, target }) => {
    layered.setEdge(source, target, {}, id);
  });
  layout(layered);
  return new Map(nodes.map(({ id }) => [id, layered.node(id) as Place]));
}
