import type { Component } from 'vue';
import type { RouteRecordRaw } from 'vue-router';

/**
 * A screen says here where it lives; `pages/NAME/screen.ts` exports one as its default. What has no such file is not in the
 * application: neither in the rail, nor in the palette, nor as a route.
 */
export interface Screen {
  routes: RouteRecordRaw[];
  /** Its line in the rail; without one it is reached from other screens. */
  rail?: {
    /** Place in the rail, ascending. */
    order: number;
    /** Key of its name in the locale. */
    label: string;
    icon: Component;
    /** Name of the route to go to. */
    route: string;
    /** A part of its own in the rail: hairline above. */
    apart?: boolean;
  };
}

const files = import.meta.glob<Screen>('./pages/*/screen.ts', { eager: true, import: 'default' });

export const screens: readonly Screen[] = Object.values(files);

/** The rail's lines from top to bottom. */
export const rail = screens.flatMap(({ rail }) => (rail ? [rail] : [])).sort((a, b) => a.order - b.order);
