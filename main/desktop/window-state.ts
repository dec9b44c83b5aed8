import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { screen, type BrowserWindow, type Rectangle } from 'electron';

interface WindowState {
  bounds: Rectangle;
  maximized: boolean;
}

const FIRST_SIZE = { width: 1360, height: 880 };

/** Where a window was left: its size, and its place where that is still on a screen. */
export function readWindowState(file: string): { bounds: Partial<Rectangle>; maximized: boolean } {
  const state = parse(file);
  if (!state) return { bounds: FIRST_SIZE, maximized: false };
  const { bounds, maximized } = state;
  const seen = screen.getAllDisplays().some(({ workArea }) => overlaps(workArea, bounds));
  return { bounds: seen ? bounds : { width: bounds.width, height: bounds.height }, maximized };
}

/** Remembers where the window is whenever it is closed or hidden. */
export function rememberWindowState(window: BrowserWindow, file: string): void {
  const remember = (): void => {
    const state: WindowState = { bounds: window.getNormalBounds(), maximized: window.isMaximized() };
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(state));
  };
  window.on('close', remember);
  window.on('hide', remember);
}

function parse(file: string): WindowState | undefined {
  try {
    const { bounds, maximized } = JSON.parse(readFileSync(file, 'utf8')) as WindowState;
    const sides = [bounds.x, bounds.y, bounds.width, bounds.height];
    if (!sides.every((side) => Number.isInteger(side)) || bounds.width < 200 || bounds.height < 200) return undefined;
    return { bounds, maximized: maximized === true };
  } catch {
    // None yet, or not ours: the window opens as it did the first time.
    return undefined;
  }
}

const overlaps = (a: Rectangle, b: Rectangle): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
