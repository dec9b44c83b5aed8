import { z } from 'zod';
import { RankwiseError } from '../../preload/contract/errors.ts';
import type { HubModel } from '../../preload/contract/hub.ts';
import { bodyOf } from './hub-body.ts';
import { checkRepository, checkRevision, isPlainFile } from './hub-names.ts';
import { getFromHub, type HubAccess } from './hub-request.ts';

const MOST_ANSWER_BYTES = 32 * 2 ** 20;
const RESULTS = 30;
const BYTES: Record<string, number> = { F64: 8, I64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2 };

const gated = z.union([z.boolean(), z.string()]).nullish();
const tags = z.array(z.string()).nullish();
const found = z.array(
  z.object({
    id: z.string(),
    downloads: z.number().nullish(),
    likes: z.number().nullish(),
    gated,
    tags,
    safetensors: z.object({ parameters: z.record(z.string(), z.number()).nullish() }).nullish(),
  }),
);
const size = z.int().min(0);
const described = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  gated,
  tags,
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: size.nullish(),
      blobId: z.string().nullish(),
      lfs: z.object({ sha256: z.string().nullish(), oid: z.string().nullish(), size: size.nullish() }).nullish(),
    }),
  ),
});

/** A file in the root of a repository. One of both hashes is there. */
export interface HubFile {
  name: string;
  bytes: number;
  sha256: string | null;
  /** SHA-1 over the content as git keeps it. */
  gitBlob: string | null;
}

export interface HubRevision {
  repository: string;
  commit: string;
  /** Its terms must be accepted on its page first. */
  gated: boolean;
  licence: string | null;
  /** Files of folders, and those whose names cannot be file names here, are left out. */
  files: HubFile[];
}

/** What a hub tells of models. */
export class HubClient {
  readonly access: HubAccess;

  constructor(access: HubAccess) {
    this.access = access;
  }

  /** Models with safetensors that write text, the most downloaded first. What a hub leaves out is null. */
  async search(words: string, signal: AbortSignal): Promise<HubModel[]> {
    const query = new URLSearchParams({ search: words, sort: 'downloads', direction: '-1', limit: String(RESULTS) });
    for (const filter of ['text-generation', 'safetensors']) query.append('filter', filter);
    for (const field of ['downloads', 'likes', 'gated', 'tags', 'safetensors']) query.append('expand[]', field);
    const answer = await this.#ask(`/api/models?${query.toString()}`, 'list of models', found, signal);
    return answer.slice(0, RESULTS).flatMap((model) => {
      const parameters = Object.entries(model.safetensors?.parameters ?? {});
      const sum = (width: (dtype: string) => number): number | null =>
        parameters.length === 0 ? null : parameters.reduce((total, [dtype, n]) => total + n * width(dtype), 0);
      try {
        return {
          repository: checkRepository(model.id),
          downloads: model.downloads ?? null,
          likes: model.likes ?? null,
          gated: Boolean(model.gated),
          licence: licenceOf(model.tags),
          parameters: sum(() => 1),
          bytes: sum((dtype) => BYTES[dtype] ?? 1),
        };
      } catch {
        return [];
      }
    });
  }

  /** The files of a revision with what they weigh and hash to. Throws E_HUB for what a hub does not tell enough of. */
  async revision(repository: string, revision: string, signal: AbortSignal): Promise<HubRevision> {
    const route = `/api/models/${checkRepository(repository)}/revision/${encodeURIComponent(checkRevision(revision))}`;
    const subject = `repository ${repository} at ${revision}`;
    const { sha, siblings, gated, tags } = await this.#ask(`${route}?blobs=true`, subject, described, signal);
    const files = siblings.filter(({ rfilename }) => isPlainFile(rfilename));
    return {
      repository,
      commit: sha,
      gated: Boolean(gated),
      licence: licenceOf(tags),
      files: files.flatMap(({ rfilename: name, size, blobId, lfs }) => {
        const bytes = lfs?.size ?? size ?? null;
        const sha256 = hex(lfs?.sha256 ?? lfs?.oid, 64);
        const gitBlob = lfs ? null : hex(blobId, 40);
        return bytes !== null && (sha256 ?? gitBlob) ? [{ name, bytes, sha256, gitBlob }] : [];
      }),
    };
  }

  /** The address of a file at a commit. */
  addressOf({ repository, commit }: Pick<HubRevision, 'repository' | 'commit'>, name: string): string {
    return `${this.access.endpoint}/${repository}/resolve/${commit}/${encodeURIComponent(name)}`;
  }

  async #ask<T>(route: string, subject: string, shape: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const answer = await getFromHub(this.access, `${this.access.endpoint}${route}`, subject, { signal });
    const host = new URL(this.access.endpoint).host;
    try {
      return shape.parse(JSON.parse(await bounded(answer, subject, this.access, signal)));
    } catch (error) {
      if (error instanceof RankwiseError || signal.aborted) throw error;
      throw new RankwiseError('E_HUB', `${host} does not answer as a hub does.`, 'Check the address of the hub.');
    }
  }
}

const licenceOf = (tags: readonly string[] | null | undefined): string | null =>
  tags
    ?.find((tag) => tag.startsWith('license:'))
    ?.slice('license:'.length)
    .slice(0, 80) ?? null;

const hex = (value: string | null | undefined, digits: number): string | null =>
  value && value.length === digits && /^[0-9a-f]+$/.test(value) ? value : null;

async function bounded(answer: Response, subject: string, access: HubAccess, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bodyOf(answer, `the ${subject}`, access, signal)) {
    length += chunk.length;
    if (length > MOST_ANSWER_BYTES)
      throw new RankwiseError('E_HUB', `The answer of ${new URL(access.endpoint).host} does not end.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
