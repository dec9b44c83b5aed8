import type { Component } from 'vue';

/** A line of a Menu or ContextMenu; `null` in a list of them draws a hairline. */
export interface MenuItem {
  label: string;
  run: () => void;
  icon?: Component;
  /** Keys as useHotkeys names them: "mod+k". */
  keys?: string;
  danger?: boolean;
  /** Why it cannot be chosen; empty or absent = it can. */
  why?: string;
}

export type MenuItems = readonly (MenuItem | null)[];
