import type { MenuItem } from './menu-items.ts';

export const menuLook = 'z-50 min-w-44 rounded-md border border-line bg-raised p-1 shadow-pop';

export const menuItemLook = (item: MenuItem): string =>
  `flex items-center gap-2 rounded-sm px-2 py-1 text-sm whitespace-nowrap outline-none data-disabled:text-faint ${
    item.danger ? 'text-danger data-highlighted:bg-danger-wash' : 'data-highlighted:bg-hover'
  }`;
