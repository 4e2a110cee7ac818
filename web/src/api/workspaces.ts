/** Workspaces and who may use them. The list itself comes from events alone, so that no late answer can undo a newer event. */
import { skipToken, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { fetchAgain } from "./again";
import { api, take } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";
import type { Workspace } from "./types";

type Schemas = components["schemas"];

/** All workspaces the person sees, newest first; undefined until the hub's first event. */
export function useWorkspaces(): Workspace[] | undefined {
  return useQuery<Workspace[]>({ queryKey: keys.workspaces, queryFn: skipToken }).data;
}

/** One of them; null when there is none such for this person, undefined until it is known. */
export function useWorkspace(id: string): Workspace | null | undefined {
  const all = useWorkspaces();
  return all && (all.find((workspace) => workspace.id === id) ?? null);
}

const at = (id: string) => ({ params: { path: { id } } });

export function useCreateWorkspace() {
  return useMutation({
    mutationFn: (body: Schemas["NewWorkspace"]) => take(api.POST("/api/v1/workspaces", { body })),
  });
}

export function useStart(id: string) {
  return useMutation({ mutationFn: () => take(api.POST("/api/v1/workspaces/{id}/start", at(id))) });
}

export function useStop(id: string) {
  return useMutation({ mutationFn: () => take(api.POST("/api/v1/workspaces/{id}/stop", at(id))) });
}

export function useDelete(id: string) {
  return useMutation({
    mutationFn: (confirm: string) => take(api.DELETE("/api/v1/workspaces/{id}", { ...at(id), body: { confirm } })),
  });
}

export function useLeave(id: string) {
  return useMutation({ mutationFn: () => take(api.POST("/api/v1/workspaces/{id}/leave", at(id))) });
}

export function useMembers(id: string) {
  return useQuery({
    queryKey: keys.members(id),
    queryFn: () => take(api.GET("/api/v1/workspaces/{id}/members", at(id))),
    staleTime: 0,
  });
}

export function useAddMember(id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (username: string) => take(api.POST("/api/v1/workspaces/{id}/members", { ...at(id), body: { username } })),
    onSuccess: () => fetchAgain(cache, keys.members(id)),
  });
}

export function useRemoveMember(id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (user: string) =>
      take(api.DELETE("/api/v1/workspaces/{id}/members/{user}", { params: { path: { id, user } } })),
    onSuccess: () => fetchAgain(cache, keys.members(id)),
  });
}

/** People whose name begins like `query`; nothing is asked for less than two characters. */
export function usePeople(query: string) {
  return useQuery({
    queryKey: ["people", query],
    queryFn:
      query.length < 2
        ? skipToken
        : ({ signal }) => take(api.GET("/api/v1/users", { params: { query: { query } }, signal })),
    staleTime: 30_000,
    placeholderData: (previous) => previous,
  });
}
