/** Sentences for the inputs of a form: the form's own checks first, then what the server said about each. */
import { ApiError } from "../api/errors";

export type Sentences = Record<string, string | undefined>;

/** The server's sentences by field; empty for any other failure. */
export function fieldsOf(error: unknown): Sentences {
  return error instanceof ApiError ? error.fields : {};
}

/** Whether the failure is told entirely by its fields, so that a sentence above the form would say it twice. */
export function toldByFields(error: unknown, shown: readonly string[]): boolean {
  const fields = Object.keys(fieldsOf(error));
  return fields.length > 0 && fields.every((field) => shown.includes(field));
}

/** Move to the first input that is marked wrong, so that the next key goes where it is needed. */
export function focusFirstWrong(form: HTMLFormElement): void {
  form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
