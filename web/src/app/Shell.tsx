/** The frame of every page but the workspace itself: name, places to go, the person's menu, and whether changes arrive. */
import type { ReactNode } from "react";
import { Link, useRoute } from "wouter";
import { useMe } from "../api/account";
import { Logo } from "../components/Logo";
import { LiveNotice } from "./LiveNotice";
import { PersonMenu } from "./PersonMenu";
import classes from "./Shell.module.css";

function Place({ href, children }: { href: string; children: ReactNode }) {
  const [here] = useRoute(href);
  return (
    <Link href={href} className={classes.place} aria-current={here ? "page" : undefined}>
      {children}
    </Link>
  );
}

export function Shell({ children }: { children: ReactNode }) {
  const me = useMe().data;
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <header className={classes.header}>
        <Link href="/" className={classes.brand} aria-label="Coterie, your workspaces">
          <Logo size={22} />
          <span>Coterie</span>
        </Link>
        <nav className={classes.places} aria-label="Places">
          <Place href="/">Workspaces</Place>
          {me?.administrator ? <Place href="/admin">Administration</Place> : null}
        </nav>
        <div className={classes.end}>
          <LiveNotice />
          <PersonMenu />
        </div>
      </header>
      <main id="content" className={classes.content} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
