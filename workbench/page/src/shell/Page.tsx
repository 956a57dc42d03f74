import { css } from '@emotion/css';
import { type GrafanaTheme2, ThemeContext } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { ErrorBoundaryAlert, GlobalStyles, PortalContainer, useStyles2 } from '@grafana/ui';
import { useEffect, useState } from 'react';

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
  const path = usePath();
  const room = roomAt(path, bench);
  return (
    <div className={styles.page}>
      <Head room={room} bench={bench} />
      <div className={styles.body}>
        <Navigation path={path} />
        <main className={styles.room}>
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

function usePath(): string {
  const [path, setPath] = useState(locationService.getLocation().pathname);
  useEffect(() => locationService.getHistory().listen(({ pathname }: { pathname: string }) => setPath(pathname)), []);
  return path;
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
