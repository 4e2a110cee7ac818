/** Which page an address shows. Each page is fetched when it is first opened. */
import { lazy, Suspense, type ReactNode } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Busy } from "../components/Busy";
import { ErrorBoundary } from "./ErrorBoundary";
import { NotFoundPage } from "./NotFoundPage";
import { Shell } from "./Shell";
import { SignedIn } from "./SignedIn";

const DashboardPage = lazy(() => import("../dashboard/DashboardPage"));
const SignInPage = lazy(() => import("../account/SignInPage"));
const SetupPage = lazy(() => import("../account/SetupPage"));
const JoinPage = lazy(() => import("../account/JoinPage"));
const AccountPage = lazy(() => import("../account/AccountPage"));
const AdminPage = lazy(() => import("../admin/AdminPage"));
const OpenPortPage = lazy(() => import("../ports/OpenPortPage"));
const IdePage = lazy(() => import("../ide/IdePage"));

/** A page inside the shell, for people who are signed in. */
function Inside({ children }: { children: ReactNode }) {
  return (
    <SignedIn>
      <Shell>{children}</Shell>
    </SignedIn>
  );
}

export function Routes() {
  const [location] = useLocation();
  return (
    <ErrorBoundary page={location}>
      <Suspense fallback={<Busy label="Opening the page" />}>
        <Switch>
          <Route path="/sign-in">
            <SignInPage />
          </Route>
          <Route path="/setup">
            <SetupPage />
          </Route>
          <Route path="/join">
            <JoinPage />
          </Route>
          <Route path="/">
            <Inside>
              <DashboardPage />
            </Inside>
          </Route>
          <Route path="/account">
            <Inside>
              <AccountPage />
            </Inside>
          </Route>
          <Route path="/admin">
            <Inside>
              <AdminPage />
            </Inside>
          </Route>
          <Route path="/open/:id/:port">
            {({ id, port }) => (
              <SignedIn>
                <OpenPortPage workspace={id} port={Number(port)} />
              </SignedIn>
            )}
          </Route>
          <Route path="/w/:id">
            {({ id }) => (
              <SignedIn>
                <IdePage key={id} id={id} />
              </SignedIn>
            )}
          </Route>
          <Route>
            <NotFoundPage />
          </Route>
        </Switch>
      </Suspense>
    </ErrorBoundary>
  );
}
