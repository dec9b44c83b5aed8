import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowRef } from 'vue';
import { reportOf, type ErrorReport } from '../../../preload/contract/errors.ts';
import type { PaneResult, PlaygroundToken } from '../../../preload/contract/playground.ts';
import { api } from '../bridge.ts';
import { useNotice } from '../notices.ts';

/** A pane of the playground: what answers, and what it has answered. */
export interface PaneState {
  key: number;
  model: string | null;
  adapter: string | null;
  /** 1 = as trained, 0 = the base alone. */
  scale: number;
  state: 'empty' | 'waiting' | 'running' | 'done' | 'stopped' | 'failed';
  text: string;
  tokens: readonly PlaygroundToken[];
  seconds: number;
  error: ErrorReport | null;
}

export const MOST_PANES = 4;
const HISTORY = 50;

let nextKey = 1;
const freshPane = (part: Partial<PaneState> = {}): PaneState => ({
  model: null,
  adapter: null,
  scale: 1,
  state: 'empty',
  text: '',
  tokens: [],
  seconds: 0,
  error: null,
  ...part,
  key: nextKey++,
});

/** What is tried out, kept while the program runs: leaving the screen loses nothing. */
export const usePlayground = defineStore('playground', () => {
  const panes = shallowRef<readonly PaneState[]>([freshPane()]);
  const prompt = ref('');
  const sampling = reactive({ chat: false, temperature: 0.8, topP: 0.95, maxTokens: 128, seed: 42 });
  /** Prompts that were sent, newest first. */
  const history = ref<string[]>([]);
  /** What the panes show answers to; null before the first. */
  const asked = ref<string | null>(null);
  const session = shallowRef<{ id: string; keys: readonly number[]; over: Promise<void> } | null>(null);
  let wanted = 0;

  const running = computed(() => session.value !== null);

  function change(key: number, part: Partial<PaneState>): void {
    panes.value = panes.value.map((pane) => (pane.key === key ? { ...pane, ...part } : pane));
  }

  /** Panes in place of those that are there; what was answered goes. */
  async function arrange(parts: readonly Pick<PaneState, 'model' | 'adapter'>[]): Promise<void> {
    await stop();
    panes.value = parts.map((part) => freshPane(part));
  }

  function add(part: Partial<Pick<PaneState, 'model' | 'adapter' | 'scale'>>): number | null {
    if (panes.value.length >= MOST_PANES) return null;
    const pane = freshPane(part);
    panes.value = [...panes.value, pane];
    return pane.key;
  }

  async function remove(key: number): Promise<void> {
    if (session.value?.keys.includes(key)) await stop();
    if (panes.value.length > 1) panes.value = panes.value.filter((pane) => pane.key !== key);
  }

  /** Ends what is being generated; resolves when it has ended. */
  async function stop(): Promise<void> {
    const now = session.value;
    if (!now) return;
    await api.playground.cancel({ session: now.id }).catch(() => undefined);
    await now.over;
  }

  /** Sends the prompt to every pane that has a model. */
  async function send(): Promise<void> {
    asked.value = prompt.value;
    history.value = [prompt.value, ...history.value.filter((each) => each !== prompt.value)].slice(0, HISTORY);
    await generate(panes.value.map(({ key }) => key));
  }

  /** Answers the same prompt once more with what some panes are set to now. */
  async function again(keys: readonly number[]): Promise<void> {
    if (asked.value !== null) await generate(keys);
  }

  async function generate(keys: readonly number[]): Promise<void> {
    const mine = ++wanted;
    const cut = session.value?.keys ?? [];
    await stop();
    // A newer wish has come meanwhile.
    if (mine !== wanted || asked.value === null) return;
    // What this wish has cut short is answered too.
    const all = panes.value.filter(({ key, model, state }) => {
      return model !== null && (keys.includes(key) || (cut.includes(key) && state !== 'done'));
    });
    if (all.length === 0) return;
    for (const [place, { key }] of all.entries())
      change(key, { state: place === 0 ? 'running' : 'waiting', text: '', tokens: [], seconds: 0, error: null });
    const id = crypto.randomUUID();
    const over = ask(id, all, asked.value).finally(() => (session.value = null));
    session.value = { id, keys: all.map(({ key }) => key), over };
    await over;
  }

  async function ask(id: string, all: readonly PaneState[], text: string): Promise<void> {
    try {
      const results = await api.playground.generate({
        session: id,
        panes: all.map(({ model, adapter, scale }) => ({ model: model!, adapter, adapterScale: scale })),
        prompt: text,
        ...sampling,
      });
      results.forEach((result, place) => change(all[place]!.key, answered(result)));
    } catch (thrown) {
      const error = reportOf(thrown);
      for (const { key } of all) change(key, { state: 'failed', error });
    }
  }

  useNotice('tokens', ({ session: id, pane, tokens, text }) => {
    const now = session.value;
    const key = now?.id === id ? now.keys[pane] : undefined;
    const known = panes.value.find((each) => each.key === key);
    if (known) change(known.key, { state: 'running', text, tokens: [...known.tokens, ...tokens] });
  });

  return { panes, prompt, sampling, history, asked, running, change, arrange, add, remove, stop, send, again };
});

/** What a pane shows when its answer is whole. Cut short, it keeps what it has said. */
function answered({ text, tokens, seconds, error }: PaneResult): Partial<PaneState> {
  if (error?.code === 'E_CANCELLED') return { state: 'stopped', text, tokens, seconds };
  return { state: error ? 'failed' : 'done', text, tokens, seconds, error };
}
