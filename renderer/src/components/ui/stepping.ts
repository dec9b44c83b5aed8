/** How a number field moves by one press of an arrow key. */
export interface Stepping {
  minimum?: number | undefined;
  maximum?: number | undefined;
  /** Distance of a step; ignored where `decades`. */
  step: number;
  /** 1, 2, 5, 10 …: for rates, whose size matters and not their sum. */
  decades: boolean;
  integer: boolean;
}

/** The value `steps` presses away from `value` (negative = down), within bounds. */
export function stepped(value: number, steps: number, rules: Stepping): number {
  let next = value;
  if (rules.decades && value > 0) {
    for (let i = 0; i < Math.abs(steps); i++) next = steps > 0 ? decadeAbove(next) : decadeBelow(next);
  } else {
    // Steps count from zero, so that 7 goes up by fives to 10; rounding keeps 0.1 + 0.2 from showing.
    const places = steps > 0 ? Math.floor(value / rules.step + 1e-9) : Math.ceil(value / rules.step - 1e-9);
    next = Number(((places + steps) * rules.step).toPrecision(12));
  }
  return bounded(next, rules);
}

/** The number that a text says, or what is wrong with it. */
export function parsed(
  text: string,
  rules: Stepping,
): { value: number } | { problem: 'number' | 'integer' | 'low' | 'high' } {
  const value = Number(text.trim().replaceAll('−', '-').replaceAll(',', ''));
  if (text.trim() === '' || !Number.isFinite(value)) return { problem: 'number' };
  if (rules.integer && !Number.isInteger(value)) return { problem: 'integer' };
  if (rules.minimum !== undefined && value < rules.minimum) return { problem: 'low' };
  if (rules.maximum !== undefined && value > rules.maximum) return { problem: 'high' };
  return { value };
}

function bounded(value: number, { minimum = -Infinity, maximum = Infinity }: Stepping): number {
  return Math.min(maximum, Math.max(minimum, value));
}

const DECADE = [1, 2, 5, 10];

function decadeAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const factor = DECADE.find((each) => each > (value / power) * (1 + 1e-9)) ?? 10;
  return Number((factor * power).toPrecision(6));
}

function decadeBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value * (1 - 1e-9)));
  const factor = DECADE.findLast((each) => each < (value / power) * (1 - 1e-9)) ?? 1;
  return Number((factor * power).toPrecision(6));
}
