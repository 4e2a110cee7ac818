/** The hub's records under the names that pages use; their shapes are generated from the hub (see schema.d.ts). */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Person = Schemas["Person"];
export type Me = Schemas["Me"];
export type Workspace = Schemas["Workspace"];
export type WorkspaceState = Workspace["state"];
export type Member = Schemas["Member"];
export type Token = Schemas["Token"];
export type CreatedToken = Schemas["CreatedToken"];
export type Invitation = Schemas["Invitation"];
export type CreatedInvitation = Schemas["CreatedInvitation"];
export type AdministeredUser = Schemas["AdministeredUser"];
export type HubEvent =
  | Schemas["SnapshotEvent"]
  | Schemas["WorkspaceEvent"]
  | Schemas["GoneEvent"]
  | Schemas["MeEvent"];
