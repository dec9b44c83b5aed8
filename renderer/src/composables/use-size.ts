import { onMounted, onScopeDispose, ref, type Ref } from 'vue';

/** The inner width and height of an element in CSS pixels, followed as it changes; 0 before it is there. */
export function useSize(element: Ref<HTMLElement | null>): { width: Ref<number>; height: Ref<number> } {
  const width = ref(0);
  const height = ref(0);
  const observer = new ResizeObserver(([entry]) => {
    width.value = Math.floor(entry!.contentRect.width);
    height.value = Math.floor(entry!.contentRect.height);
  });
  onMounted(() => {
    if (element.value) observer.observe(element.value);
  });
  onScopeDispose(() => observer.disconnect());
  return { width, height };
}
