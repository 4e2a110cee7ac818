/** What a name and a password must be like, said before the server has to (the rules are the server's: hub/api/schemas.py). */

export function usernameProblem(username: string): string | undefined {
  if (username === "") return "Choose a username.";
  if (!/^[a-z]/.test(username)) return "Begin with a small letter from a to z.";
  if (!/^[a-z0-9-]+$/.test(username)) return "Use small letters, digits and hyphens only.";
  return username.length > 39 ? "Use at most 39 characters." : undefined;
}

export function displayNameProblem(name: string): string | undefined {
  if (name.trim() === "") return "Say what others should call you.";
  return name.trim().length > 80 ? "Use at most 80 characters." : undefined;
}

export function passwordProblem(password: string): string | undefined {
  if (password.length < 8) return "Use at least 8 characters. A few words make a good one.";
  return password.length > 1024 ? "Use at most 1,024 characters." : undefined;
}

export function repeatProblem(password: string, repeated: string): string | undefined {
  return password === repeated ? undefined : "This is not the same as above.";
}
