import { computed, inject, provide, useId, type ComputedRef, type InjectionKey } from 'vue';

interface FieldContext {
  id: string;
  labelId: string;
  describedBy: ComputedRef<string | undefined>;
  invalid: ComputedRef<boolean>;
}

const key: InjectionKey<FieldContext> = Symbol('field');

export function provideField(context: FieldContext): void {
  provide(key, context);
}

/** The label, help and error of the Field around a control; on its own a control needs an aria-label. */
export function useField(): FieldContext {
  const alone = useId();
  return inject(
    key,
    () => ({
      id: alone,
      labelId: '',
      describedBy: computed(() => undefined),
      invalid: computed(() => false),
    }),
    true,
  );
}
