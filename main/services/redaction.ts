import { homedir, hostname, userInfo } from 'node:os';

/** Who and what must not be told. */
export interface Secrets {
  /** Folders whose whole path becomes a short name. */
  folders: [folder: string, name: string][];
  /** Words that become “…”. */
  words: string[];
}

/** Of this user on this machine. @param home the program's folder */
export function ownSecrets(home: string): Secrets {
  return {
    folders: [
      [home, '<rankwise>'],
      [process.cwd(), '<folder>'],
      [homedir(), '~'],
    ],
    words: [userInfo().username, hostname()],
  };
}

// A folder or file anywhere: from a root to the next character that ends a path in prose or JSON. Its last name stays.
const POSIX_PATH = /(^|[\s"'“(=:,[])\/(?:[^\s"'”)\]:,/]+\/)+([^\s"'”)\]:,/]*)/g;
const WINDOWS_PATH = /(^|[\s"'“(=,[])[A-Za-z]:\\+(?:[^\s"'”)\],\\]+\\+)+([^\s"'”)\],\\]*)/g;
// Keys of services, as they are known by their beginnings, and what stands after the word for one.
const KEYS = /\b(?:hf|sk|pk|ghp|gho|github_pat|glpat|xox[abp])[_-][A-Za-z0-9_-]{8,}/g;
const NAMED_KEYS =
  /((?:token|secret|password|passwort|api[_-]?key|authorization)["']?\s*[:=]\s*["']?(?:bearer\s+)?)[^\s"',}]+/gi;

/** A text with paths, names and keys struck out: it may be given to others. */
export function redacted(text: string, secrets: Secrets): string {
  let told = text;
  for (const [folder, name] of secrets.folders) if (folder.length > 1) told = told.replaceAll(folder, name);
  told = told
    .replace(POSIX_PATH, (_, before: string, name: string) => `${before}…/${name}`)
    .replace(WINDOWS_PATH, (_, before: string, name: string) => `${before}…\\${name}`)
    .replace(KEYS, '…')
    .replace(NAMED_KEYS, (_, before: string) => `${before}…`);
  for (const word of secrets.words)
    if (word.length > 2) told = told.replace(new RegExp(`(?<![\\w-])${escaped(word)}(?![\\w-])`, 'gi'), '…');
  return told;
}

/** The same for every text inside a value. */
export function redactedValue<T>(value: T, secrets: Secrets): T {
  if (typeof value === 'string') return (isPath(value) ? shortened(value, secrets) : redacted(value, secrets)) as T;
  if (Array.isArray(value)) return value.map((each: unknown) => redactedValue(each, secrets)) as T;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, redactedValue<unknown>(each, secrets)]),
  ) as T;
}

// A value that is a path as a whole may have spaces in it.
const isPath = (value: string): boolean => /^(\/|[A-Za-z]:[\\/]|\\\\)[^\n]*$/.test(value);

function shortened(place: string, secrets: Secrets): string {
  const known = secrets.folders.find(([folder]) => folder.length > 1 && place.startsWith(folder));
  if (known) return redacted(known[1] + place.slice(known[0].length), { ...secrets, folders: [] });
  return redacted(`…/${place.split(/[\\/]+/).at(-1)}`, { ...secrets, folders: [] });
}

const escaped = (word: string): string => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
