import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { Queue, QueueRules } from '../../../preload/contract/queue.ts';
import { api } from '../bridge.ts';
import { useNotice } from '../notices.ts';

/** What trains, what waits, and when waiting runs may begin. */
export const useQueue = defineStore('queue', () => {
  const value = shallowRef<Queue | null>(null);
  const take = (queue: Queue): void => void (value.value = queue);

  const load = async (): Promise<void> => take(await api.queue.get());
  const move = async (id: string, to: number): Promise<void> => take(await api.queue.move({ id, to }));
  const hold = async (held: boolean): Promise<void> => take(await api.queue.hold({ held }));
  const setRules = async (rules: QueueRules): Promise<void> => take(await api.queue.setRules(rules));

  useNotice('queue', ({ queue }) => take(queue));
  return { value, load, move, hold, setRules };
});
