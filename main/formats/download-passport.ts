import { z } from 'zod';

const shape = z.object({
  name: z.string().min(1),
  repository: z.string(),
  commit: z.string(),
  endpoint: z.string().optional(),
});

/** What the passport of a downloaded model says of itself. */
export type DownloadPassport = z.infer<typeof shape>;

/** Null for a passport of something else. */
export function asDownload(passport: unknown): DownloadPassport | null {
  return shape.safeParse(passport).data ?? null;
}

/** Where a folder was downloaded from, by its passport; null where it was not, or no hub is named. */
export function sourceOf(passport: unknown): { repository: string; commit: string; endpoint: string } | null {
  const download = asDownload(passport);
  if (download?.endpoint === undefined || URL.parse(download.endpoint) === null) return null;
  const { repository, commit, endpoint } = download;
  return { repository, commit, endpoint };
}
