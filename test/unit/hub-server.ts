import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const COMMIT = 'c0ffee'.padEnd(40, '0');

const shape = { vocab_size: 300, hidden_size: 16, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 };
const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  ...shape,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  hidden_act: 'silu',
  tie_word_embeddings: false,
};

/** A safetensors file of float32 matrices and vectors with small, fixed numbers. */
function safetensors(tensors: Record<string, number[]>): Buffer {
  const header: Record<string, object> = {};
  let end = 0;
  for (const [name, sizes] of Object.entries(tensors)) {
    const begin = end;
    end += 4 * sizes.reduce((product, n) => product * n, 1);
    header[name] = { dtype: 'F32', shape: sizes, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  const data = Float32Array.from({ length: end / 4 }, (_, i) => ((i * 2654435761) % 1000) / 10_000 - 0.05);
  return Buffer.concat([prefix, text, Buffer.from(data.buffer)]);
}

/** The files of a whole small model, and of a pickle that nobody should ask for. */
export function tinyModel(): Map<string, Buffer> {
  const layer = 'model.layers.0';
  const square = [16, 16];
  const weights = safetensors({
    'model.embed_tokens.weight': [300, 16],
    'lm_head.weight': [300, 16],
    'model.norm.weight': [16],
    [`${layer}.input_layernorm.weight`]: [16],
    [`${layer}.post_attention_layernorm.weight`]: [16],
    [`${layer}.self_attn.q_proj.weight`]: square,
    [`${layer}.self_attn.k_proj.weight`]: square,
    [`${layer}.self_attn.v_proj.weight`]: square,
    [`${layer}.self_attn.o_proj.weight`]: square,
    [`${layer}.mlp.gate_proj.weight`]: [32, 16],
    [`${layer}.mlp.up_proj.weight`]: [32, 16],
    [`${layer}.mlp.down_proj.weight`]: [16, 32],
  });
  return new Map([
    ['README.md', Buffer.from('---\nlicense: apache-2.0\n---\n# Tiny\n')],
    ['config.json', Buffer.from(JSON.stringify(config))],
    ['generation_config.json', Buffer.from('{"eos_token_id": 2}')],
    ['model.safetensors', weights],
    ['pytorch_model.bin', Buffer.from('a pickle')],
    ['onnx/model.onnx', Buffer.from('not for us')],
  ]);
}

export interface Asked {
  url: string;
  range: string | undefined;
  ifRange: string | undefined;
  authorization: string | undefined;
}

/** As "lab/tiny", but for its architecture. */
const mamba = Buffer.from(JSON.stringify({ ...config, architectures: ['MambaForCausalLM'], model_type: 'mamba' }));

/**
 * A hub on this machine with a repository, "lab/tiny", that can be made to fail in the ways hubs do. Beside it "lab/locked" wants a token
 * and "lab/mamba" is of an architecture that no engine of ours knows.
 */
export class HubServer {
  readonly asked: Asked[] = [];
  files = tinyModel();
  /** Breaks the connection after so many bytes of the weights, as often as it says. */
  breaks = { after: 0, times: 0 };
  ranges = true;
  /** Sends another content than it tells the hash of. */
  lies = false;
  /** Wants a token for the files. */
  gated = false;
  /** Sends the weights from another host. */
  elsewhere: string | null = null;
  /** Names files beside those that are there. */
  moreNames: string[] = [];
  /** Stops in the middle of the weights until it is told to go on. */
  hold: Promise<void> | null = null;
  /** Takes questions and answers none. */
  silent = false;
  etag = '"one"';
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<HubServer> {
    const hub = new HubServer();
    hub.#server.listen(0, '127.0.0.1');
    await once(hub.#server, 'listening');
    return hub;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Requests for a file, in order. */
  of(name: string): Asked[] {
    return this.asked.filter(({ url }) => url.endsWith(`/${name}`));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { range, authorization } = request.headers;
    const url = request.url!;
    this.asked.push({ url, range, ifRange: request.headers['if-range'] as string | undefined, authorization });
    if (this.silent) return;
    if (url.startsWith('/api/models?')) return this.#json(response, this.#found());
    const described = /^\/api\/models\/(lab\/(?:tiny|locked|mamba))\/revision\//.exec(url)?.[1];
    if (described) return this.#json(response, this.#revision(described));
    const [, repository, name] =
      /^\/(?:(lab\/(?:tiny|locked|mamba))\/resolve\/[0-9a-f]{40}|cdn)\/(.+)$/.exec(url) ?? [];
    const content = name === undefined ? undefined : this.#filesOf(repository).get(decodeURIComponent(name));
    if (!content) return void response.writeHead(404).end();
    if (this.#isGated(repository) && !url.startsWith('/cdn/') && authorization !== 'Bearer hf_good')
      return void response.writeHead(401, { 'x-error-code': 'GatedRepo' }).end();
    const large = name === 'model.safetensors';
    if (large && this.elsewhere !== null && !url.startsWith('/cdn/'))
      return void response.writeHead(302, { location: `${this.elsewhere}/cdn/${name}` }).end();
    await this.#send(response, content, large, range, request.headers['if-range'] as string | undefined);
  }

  async #send(
    response: ServerResponse,
    content: Buffer,
    large: boolean,
    range: string | undefined,
    ifRange: string | undefined,
  ): Promise<void> {
    const asked = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const from = this.ranges && (ifRange === undefined || ifRange === this.etag) ? asked : 0;
    const body = Buffer.from(content.subarray(from));
    if (large && this.lies) body[body.length - 1]! ^= 1;
    response.writeHead(from > 0 ? 206 : 200, {
      etag: this.etag,
      'content-length': body.length,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    });
    if (large && this.breaks.times > 0) {
      this.breaks.times -= 1;
      // Destroyed after the bytes are on their way, else they may never leave.
      response.write(body.subarray(0, this.breaks.after), () => setTimeout(() => response.destroy(), 30));
      return;
    }
    if (large && this.hold) {
      response.write(body.subarray(0, 4096));
      await this.hold;
      response.end(body.subarray(4096));
      return;
    }
    response.end(body);
  }

  #json(response: ServerResponse, value: unknown): void {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  }

  #found(): unknown {
    const tiny = { tags: ['license:apache-2.0'], safetensors: { parameters: { F32: 11_000 } } };
    return [
      { id: 'lab/tiny', downloads: 1234, likes: 5, gated: false, ...tiny },
      { id: 'lab/locked', downloads: 99, likes: 1, gated: 'manual', tags: ['license:llama3'] },
      { id: 'lab/mamba', downloads: 7, likes: 0, gated: false, tags: [] },
      { id: '../../etc', downloads: 1, likes: 1, gated: false, tags: [] },
    ];
  }

  #filesOf(repository: string | undefined): Map<string, Buffer> {
    return repository === 'lab/mamba' ? new Map([...this.files, ['config.json', mamba]]) : this.files;
  }

  #isGated(repository: string | undefined): boolean {
    return this.gated || repository === 'lab/locked';
  }

  #revision(repository: string): unknown {
    const siblings = [...this.#filesOf(repository)].map(([rfilename, content]) => ({
      rfilename,
      size: content.length,
      blobId: createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex'),
      ...(rfilename.endsWith('.safetensors')
        ? { lfs: { sha256: createHash('sha256').update(content).digest('hex'), size: content.length } }
        : {}),
    }));
    const named = this.moreNames.map((rfilename) => ({ ...siblings[0]!, rfilename }));
    const tags = ['license:apache-2.0'];
    return { id: repository, sha: COMMIT, gated: this.#isGated(repository), tags, siblings: [...siblings, ...named] };
  }
}
