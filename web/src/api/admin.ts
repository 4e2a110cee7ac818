/** What administrators do: accounts and invitations. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { fetchAgain } from "./again";
import { api, take } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";

type Schemas = components["schemas"];

const at = (user: string) => ({ params: { path: { user } } });

export function useUsers() {
  return useQuery({ queryKey: keys.users, queryFn: () => take(api.GET("/api/v1/admin/users")), staleTime: 0 });
}

export function useChangeUser(id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["UserChange"]) => take(api.PATCH("/api/v1/admin/users/{user}", { ...at(id), body })),
    onSuccess: () => fetchAgain(cache, keys.users),
  });
}

export function useResetPassword(id: string) {
  return useMutation({
    mutationFn: (password: string) =>
      take(api.POST("/api/v1/admin/users/{user}/password", { ...at(id), body: { password } })),
  });
}

export function useInvitations() {
  return useQuery({ queryKey: keys.invitations, queryFn: () => take(api.GET("/api/v1/invitations")), staleTime: 0 });
}

export function useInvite() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["NewInvitation"]) => take(api.POST("/api/v1/invitations", { body })),
    onSuccess: () => fetchAgain(cache, keys.invitations),
  });
}

export function useRevokeInvitation() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (invitation: string) =>
      take(api.DELETE("/api/v1/invitations/{invitation}", { params: { path: { invitation } } })),
    onSuccess: () => fetchAgain(cache, keys.invitations),
  });
}
