/** The caller's own account: who they are, signing in and out, password, tokens. */
import { skipToken, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { fetchAgain } from "./again";
import { api, take } from "./client";
import { keys } from "./keys";
import { forgetLive } from "./live";
import type { components } from "./schema";
import type { Me } from "./types";

type Schemas = components["schemas"];

export function useMe() {
  return useQuery({ queryKey: keys.me, queryFn: () => take(api.GET("/api/v1/me")) });
}

/** Whether there is an administrator yet, and whether anyone may make an account. */
export function useSetupState() {
  return useQuery({ queryKey: keys.setup, queryFn: () => take(api.GET("/api/v1/setup")), staleTime: 0 });
}

/** After becoming somebody: forget what was cached for whoever was here before. */
function useBecome() {
  const cache = useQueryClient();
  return (me: Me) => {
    forgetLive();
    // What this page itself looks at is replaced rather than removed.
    cache.removeQueries({ predicate: ({ queryKey: [name, more] }) => more !== undefined || (name !== "me" && name !== "setup") });
    cache.setQueryData(keys.me, me);
  };
}

export function useSignIn() {
  const become = useBecome();
  return useMutation({
    mutationFn: (body: Schemas["SignIn"]) => take(api.POST("/api/v1/sign-in", { body })),
    onSuccess: become,
  });
}

export function useSetup() {
  const become = useBecome();
  return useMutation({
    mutationFn: (body: Schemas["Setup"]) => take(api.POST("/api/v1/setup", { body })),
    onSuccess: become,
  });
}

export function useRegister() {
  const become = useBecome();
  return useMutation({
    mutationFn: (body: Schemas["Registration"]) => take(api.POST("/api/v1/register", { body })),
    onSuccess: become,
  });
}

/** Sign this browser out, or with `everywhere` every browser and token login of this person. */
export function useSignOut(everywhere = false) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => take(everywhere ? api.POST("/api/v1/sign-out-everywhere") : api.POST("/api/v1/sign-out")),
    onSuccess: () => {
      forgetLive();
      cache.clear();
      // A page load, so that nothing of this person stays in memory.
      window.location.assign("/sign-in");
    },
  });
}

export function useChangeMe() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["MeChange"]) => take(api.PATCH("/api/v1/me", { body })),
    onSuccess: (me) => cache.setQueryData(keys.me, me),
  });
}

export function useChangePassword() {
  return useMutation({
    mutationFn: (body: Schemas["PasswordChange"]) => take(api.POST("/api/v1/me/password", { body })),
  });
}

export function useTokens() {
  return useQuery({ queryKey: keys.tokens, queryFn: () => take(api.GET("/api/v1/me/tokens")) });
}

export function useCreateToken() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["NewToken"]) => take(api.POST("/api/v1/me/tokens", { body })),
    onSuccess: () => fetchAgain(cache, keys.tokens),
  });
}

export function useRevokeToken() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (token: string) => take(api.DELETE("/api/v1/me/tokens/{token}", { params: { path: { token } } })),
    onSuccess: () => fetchAgain(cache, keys.tokens),
  });
}

/** Who invited the holder of `token`; asks nothing without one. */
export function useInvitation(token: string | null) {
  return useQuery({
    queryKey: ["invitation", token],
    queryFn: token
      ? () => take(api.POST("/api/v1/invitations/look-up", { body: { token } }))
      : skipToken,
  });
}
