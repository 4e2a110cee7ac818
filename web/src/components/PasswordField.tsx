/** A password, which can be looked at. Mantine's own input does not tell assistive technology that it is wrong. */
import { PasswordInput, type PasswordInputProps } from "@mantine/core";

export function PasswordField(props: PasswordInputProps) {
  return (
    <PasswordInput
      {...props}
      aria-invalid={props.error ? true : undefined}
      visibilityToggleButtonProps={{ "aria-label": `Show what is typed as ${String(props.label).toLowerCase()}` }}
      visibilityToggleFocusable
    />
  );
}
