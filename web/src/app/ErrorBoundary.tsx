/** Turns a page that failed to draw, or to be fetched, into a sentence and a way on. */
import { Component, type ErrorInfo, type ReactNode } from "react";
import { Button, Code, Group } from "@mantine/core";
import { Centered } from "../components/Centered";

interface Props {
  children: ReactNode;
  /** Another value clears the failure: what failed was a page, and this is another one. */
  page?: string;
}

interface State {
  error: Error | null;
}

/** Whether a part of the page could not be fetched: the server was updated under it, or is away. */
function missingPart(error: Error): boolean {
  return /dynamically imported module|module script|preload CSS/i.test(error.message);
}

export class ErrorBoundary extends Component<Props, State> {
  state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  componentDidUpdate(before: Props): void {
    if (this.state.error && before.page !== this.props.page) this.setState({ error: null });
  }

  componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error(error, info.componentStack);
  }

  render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    const missing = missingPart(error);
    return (
      <Centered
        title={missing ? "This part of the page could not be fetched" : "This page failed"}
        text={
          missing
            ? "Coterie was updated, or cannot be reached at the moment. Reload the page to go on."
            : "Nothing you saved is lost. Reload the page to go on; if it fails again, tell your administrator what stands below."
        }
      >
        {missing ? null : <Code block>{error.message}</Code>}
        <Group>
          <Button onClick={() => window.location.reload()}>Reload the page</Button>
          <Button variant="default" component="a" href="/">
            Go to your workspaces
          </Button>
        </Group>
      </Centered>
    );
  }
}
