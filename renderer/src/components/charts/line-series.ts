import type { Curve } from './curve.ts';
import { runDash } from './palette.ts';

/** A line of a LineChart. */
export interface LineSeries {
  id: string;
  label: string;
  curve: Curve;
  /** Which of the ten looks of a run: colour and dash. */
  place: number;
  /** A colour token of its own (“ink-faint”), where the line is no run. */
  token?: string;
  /** Dots at its places: for what is measured now and then. */
  dots?: boolean;
  /** Its own dash, where the look's would mislead. */
  dash?: readonly number[];
  /** Never smoothed. */
  rough?: boolean;
}

/** Its own dash, or its look's; a line that is no run is solid. */
export const dashOf = ({ dash, token, place }: LineSeries): readonly number[] => dash ?? (token ? [] : runDash(place));

/** Something that happened at a place of the x axis. `coming`: not yet. */
export interface ChartMark {
  x: number;
  label: string;
  coming?: boolean;
}
