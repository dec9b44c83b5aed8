interface Template {
  id?: string;
  label?: string;
  role?: string;
  accelerator?: string;
  submenu?: Template[];
  click?: () => void;
}

let applicationMenu: Menu | null = null;

/** A menu that nobody sees: its items can be found and clicked. */
export class Menu {
  readonly items: (Omit<Template, 'submenu'> & { submenu?: Menu })[];

  constructor(template: Template[] = []) {
    this.items = template.map((item) => ({ ...item, submenu: item.submenu && new Menu(item.submenu) }));
  }

  static buildFromTemplate(template: Template[]): Menu {
    return new Menu(template);
  }

  static setApplicationMenu(menu: Menu | null): void {
    applicationMenu = menu;
  }

  static getApplicationMenu(): Menu | null {
    return applicationMenu;
  }

  getMenuItemById(id: string): Menu['items'][number] | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id);
      if (found) return found;
    }
    return null;
  }
}
