const YEAR = 365 * 24 * 60 * 60;

/** Keeps a choice where the server reads it with the next page; an empty value forgets it. */
export function keepChoice(name: string, value: string): void {
  const age = value ? YEAR : 0;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
}
