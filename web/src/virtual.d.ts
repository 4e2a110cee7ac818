/** Modules that the build makes, or that come without types of their own. */

/** See mantineStyles.ts. */
declare module "virtual:mantine-styles";

/** One icon. The package's index holds six thousand, which tests and the development server would all read. */
declare module "@tabler/icons-react/dist/esm/icons/*.mjs" {
  import type { FunctionComponent } from "react";
  import type { IconProps } from "@tabler/icons-react";

  const icon: FunctionComponent<IconProps>;
  export default icon;
}
