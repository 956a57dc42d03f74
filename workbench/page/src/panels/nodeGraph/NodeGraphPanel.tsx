import '@xyflow/react/dist/style.css';

import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Controls, Panel, ReactFlow, ReactFlowProvider, useNodesInitialized, useReactFlow } from '@xyflow/react';
import { useEffect, useMemo, useState } from 'react';

import type { PanelProps } from '../panelProps';
import { type CurveEdge, EdgeCurve } from './EdgeCurve';
import { type Layout, layOut } from './layout';
import { type CircleNode, NodeCircle } from './NodeCircle';
import { type Graph, readGraph } from './readGraph';
import { Told } from './Told';

const NODE_TYPES = { circle: NodeCircle };
const EDGE_TYPES = { curve: EdgeCurve };
const FIT = { padding: 0.12, maxZoom: 1.1 };

interface Looked {
  node?: string;
  edge?: string;
}

/** The map of who talks to whom. */
export function NodeGraphPanel({ data, width, height }: PanelProps) {
  const graph = useMemo(() => readGraph(data.series), [data.series]);
  return (
    <div style={{ width, height }} aria-label="Node graph" role="figure">
      <ReactFlowProvider>
        <Map graph={graph} size={`${width}x${height}`} />
      </ReactFlowProvider>
    </div>
  );
}

function Map({ graph, size }: { graph: Graph; size: string }) {
  const styles = useStyles2(getStyles);
  const [hovered, setHovered] = useState<Looked>({});
  const [picked, setPicked] = useState<Looked>({});
  const layout = useStableLayout(graph);
  const looked = hovered.node || hovered.edge ? hovered : picked;
  const lit = useMemo(() => litEdges(graph, looked), [graph, looked]);
  const nodes = useMemo(() => toNodes(graph, layout, looked, lit), [graph, layout, looked, lit]);
  const edges = useMemo(() => toEdges(graph, layout, lit), [graph, layout, lit]);
  useFit(layout, size);
  return (
    <ReactFlow
      className={styles.map}
      colorMode="dark"
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      nodesDraggable={false}
      nodesConnectable={false}
      minZoom={0.2}
      fitView
      fitViewOptions={FIT}
      // As in Grafana, the page scrolls over a panel; zooming takes Ctrl.
      zoomOnScroll={false}
      preventScrolling={false}
      proOptions={{ hideAttribution: true }}
      onNodeMouseEnter={(_event, { id }) => setHovered({ node: id })}
      onNodeMouseLeave={() => setHovered({})}
      onEdgeMouseEnter={(_event, { id }) => setHovered({ edge: id })}
      onEdgeMouseLeave={() => setHovered({})}
      onNodeClick={(_event, { id }) => setPicked({ node: id })}
      onEdgeClick={(_event, { id }) => setPicked({ edge: id })}
      onPaneClick={() => setPicked({})}
    >
      <Controls showInteractive={false} position="bottom-right" />
      <Panel position="top-right">
        <Told
          node={graph.nodes.find(({ id }) => id === picked.node)}
          edge={graph.edges.find(({ id }) => id === picked.edge)}
        />
      </Panel>
    </ReactFlow>
  );
}

/** New numbers must not move the nodes: they are placed anew only when nodes or edges come or go. */
function useStableLayout(graph: Graph): Layout {
  const shape = JSON.stringify([
    graph.nodes.map(({ id }) => id),
    graph.edges.map(({ source, target }) => [source, target]),
  ]);
  return useMemo(() => layOut(graph), [shape]);
}

function useFit(layout: Layout, size: string): void {
  const { fitView } = useReactFlow();
  const measured = useNodesInitialized();
  useEffect(() => {
    if (measured) {
      void fitView(FIT);
    }
  }, [layout, size, measured, fitView]);
}

function litEdges({ edges }: Graph, looked: Looked): Set<string> {
  const near = edges.filter(
    ({ id, source, target }) => id === looked.edge || [source, target].includes(looked.node ?? '')
  );
  return new Set(near.map(({ id }) => id));
}

function toNodes({ nodes, edges }: Graph, { places }: Layout, looked: Looked, lit: Set<string>): CircleNode[] {
  const ends = edges.filter(({ id }) => lit.has(id)).flatMap(({ source, target }) => [source, target]);
  const near = new Set([looked.node, ...ends]);
  const anyLooked = Boolean(looked.node ?? looked.edge);
  return nodes.map((node) => {
    const { x, y } = places.get(node.id) ?? { x: 0, y: 0 };
    const size = node.radius * 2;
    return {
      id: node.id,
      type: 'circle',
      position: { x: x - node.radius, y: y - node.radius },
      // Without it a node would be hidden after each change, until it is measured again.
      measured: { width: size, height: size },
      data: { node, faded: anyLooked && !near.has(node.id) },
    };
  });
}

function toEdges({ edges }: Graph, { routes }: Layout, lit: Set<string>): CurveEdge[] {
  return edges.map((edge) => {
    const { id, source, target } = edge;
    const data = { edge, route: routes.get(id) ?? [], faded: lit.size > 0 && !lit.has(id), lit: lit.has(id) };
    return { id, source, target, type: 'curve', data };
  });
}

const getStyles = (theme: GrafanaTheme2) => ({
  map: css({
    '--xy-background-color': 'transparent',
    '--xy-controls-button-background-color': theme.colors.background.secondary,
  }),
});
