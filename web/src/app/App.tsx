/** What surrounds every page: theme, server state, notices, the last error boundary. */
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { queryClient } from "../api/cache";
import { colorSchemeManager, theme, variables } from "../theme/theme";
import { ErrorBoundary } from "./ErrorBoundary";
import { Routes } from "./Routes";

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={colorSchemeManager}
      defaultColorScheme="auto"
    >
      <ErrorBoundary>
        <QueryClientProvider client={queryClient}>
          <Notifications position="bottom-right" limit={4} autoClose={6000} />
          <Routes />
        </QueryClientProvider>
      </ErrorBoundary>
    </MantineProvider>
  );
}
