/** The way from a shared port's address: whoever comes from there is signed in here first, then led back. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "wouter";
import { api, take } from "../api/client";
import { sentenceOf } from "../api/errors";
import { Busy } from "../components/Busy";
import { Centered } from "../components/Centered";
import { openAddress } from "./ports";

export default function OpenPortPage({ workspace, port }: { workspace: string; port: number }) {
  const { data, error } = useQuery({
    queryKey: ["port", workspace, port],
    queryFn: () => take(api.GET("/api/v1/workspaces/{id}/ports/{port}", { params: { path: { id: workspace, port } } })),
  });
  useEffect(() => {
    // The fragment is where to go to on the port's origin; the hub accepts nothing but a path there.
    if (data) window.location.replace(openAddress(workspace, port, decodeURIComponent(window.location.hash.slice(1))));
  }, [data, workspace, port]);
  if (!error) return <Busy label={`Opening port ${port}`} />;
  return (
    <Centered title={`Port ${port} cannot be opened`} text={sentenceOf(error)}>
      <Button component={Link} href="/">
        Your workspaces
      </Button>
    </Centered>
  );
}
