import { css } from '@emotion/css';
import { type GrafanaTheme2, ThemeContext } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { ErrorBoundaryAlert, GlobalStyles, PortalContainer, useStyles2 } from '@grafana/ui';
import { useEffect, useReducer, useState } from 'react';

import type { DataSources } from '../host/dataSourceService';
import { type Bench, BenchProvider } from './context';
import { Anchor, Navigation } from './Navigation';
import { type Room, roomAt } from './routes';

interface Props {
  bench: Bench;
  theme: GrafanaTheme2;
}

export function Page({ bench, theme }: Props) {
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <BenchProvider value={bench}>
        <Rooms bench={bench} />
      </BenchProvider>
      <PortalContainer />
    </ThemeContext.Provider>
  );
}

function Rooms({ bench }: { bench: Bench }) {
  const styles = useStyles2(getStyles);
  const { path, count } = useVisit();
  useChangesOf(bench.sources);
  const room = roomAt(path, bench);
  return (
    <div className={styles.page}>
      <Head room={room} bench={bench} />
      <div className={styles.body}>
        <Navigation path={path} />
        <main key={count} className={styles.room}>
          <ErrorBoundaryAlert dependencies={[path]}>{room.content}</ErrorBoundaryAlert>
        </main>
      </div>
    </div>
  );
}

function Head({ room, bench }: { room: Room; bench: Bench }) {
  const styles = useStyles2(getStyles);
  return (
    <header className={styles.head}>
      <Anchor href="/dashboards" className={styles.brand}>
        <img src={`/${bench.plugin.meta.info.logos.small}`} alt="" width={24} height={24} />
        Goldwire workbench
      </Anchor>
      {room.trail.map(({ text, href }) => (
        <span key={text} className={styles.step}>
          {href ? <Anchor href={href}>{text}</Anchor> : text}
        </span>
      ))}
    </header>
  );
}

/** Names of data sources are in the head, too. */
function useChangesOf({ changes }: DataSources): void {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const listening = changes.subscribe(again);
    return () => listening.unsubscribe();
  }, [changes]);
}

/** Where the page is, and how many times it went somewhere: a link may lead to the same room in another state. */
function useVisit(): { path: string; count: number } {
  const [visit, setVisit] = useState({ path: locationService.getLocation().pathname, count: 0 });
  useEffect(
    () =>
      locationService.getHistory().listen(({ pathname }: { pathname: string }, action: string) => {
        // A room that writes its own state into the address has not gone anywhere.
        const went = action === 'REPLACE' ? 0 : 1;
        setVisit(({ count }) => ({ path: pathname, count: count + went }));
      }),
    []
  );
  return visit;
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ display: 'flex', flexDirection: 'column', height: '100vh', background: theme.colors.background.canvas }),
  head: css({
    display: 'flex',
    alignItems: 'center',
    height: 44,
    flexShrink: 0,
    padding: theme.spacing(0, 2),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    background: theme.colors.background.primary,
  }),
  brand: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    fontWeight: theme.typography.fontWeightMedium,
  }),
  step: css({
    color: theme.colors.text.secondary,
    '&::before': { content: '"›"', margin: theme.spacing(0, 1.25), color: theme.colors.text.disabled },
  }),
  body: css({ display: 'flex', flex: 1, minHeight: 0 }),
  room: css({ flex: 1, minWidth: 0, overflow: 'auto' }),
});
