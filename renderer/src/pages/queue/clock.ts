/** "07:05" of minutes since midnight. */
export function clockText(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Minutes since midnight of "7:05" or "07:05"; null for what is no time of day. */
export function clockMinutes(text: string): number | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
  const [hours, minutes] = [Number(match?.[1]), Number(match?.[2])];
  return match && hours < 24 && minutes < 60 ? 60 * hours + minutes : null;
}

/** How long a window is, in minutes; one that ends where it begins is the whole day. */
export function windowLength({ from, to }: { from: number; to: number }): number {
  return (to - from + 1440) % 1440 || 1440;
}
