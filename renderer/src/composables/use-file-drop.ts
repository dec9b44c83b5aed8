import { onMounted, onScopeDispose, ref, type Ref } from 'vue';
import type { PickedFile } from '../../../preload/contract/files.ts';
import { admit } from '../bridge.ts';
import { toastError } from '../toasts.ts';

export interface FileDrop {
  /** Whether something hovers over the window. */
  over: Ref<boolean>;
  /** Name of the file that is on its way: one that is sent may take its time. */
  coming: Ref<string | null>;
}

/** Files dropped anywhere on the window, for as long as the screen is open. @param judge throws for what is not to be taken at all */
export function useFileDrop(take: (file: PickedFile) => void, judge: (file: File) => void = () => undefined): FileDrop {
  const over = ref(false);
  const coming = ref<string | null>(null);
  let depth = 0;
  const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

  function enter(event: DragEvent): void {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth += 1;
    over.value = true;
  }
  function leave(event: DragEvent): void {
    if (!carriesFiles(event)) return;
    depth -= 1;
    if (depth <= 0) over.value = false;
  }
  function hover(event: DragEvent): void {
    if (carriesFiles(event)) event.preventDefault();
  }
  async function drop(event: DragEvent): Promise<void> {
    depth = 0;
    over.value = false;
    // Taken already by a place of its own, such as a FilePicker.
    if (event.defaultPrevented || !carriesFiles(event)) return;
    event.preventDefault();
    for (const file of [...(event.dataTransfer?.files ?? [])]) {
      try {
        judge(file);
        coming.value = file.name;
        take(await admit(file));
      } catch (error) {
        toastError(error);
      } finally {
        coming.value = null;
      }
    }
  }
  const dropped = (event: DragEvent): void => void drop(event);

  onMounted(() => {
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('dragover', hover);
    window.addEventListener('drop', dropped);
  });
  onScopeDispose(() => {
    window.removeEventListener('dragenter', enter);
    window.removeEventListener('dragleave', leave);
    window.removeEventListener('dragover', hover);
    window.removeEventListener('drop', dropped);
  });
  return { over, coming };
}
