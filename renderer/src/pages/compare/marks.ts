const SIZE = 4;

/** The outline of a run's mark around a point. Five shapes, so that colour is never needed to tell runs apart. */
export function markPath(place: number, x: number, y: number): string {
  const corners = (points: readonly [number, number][]): string =>
    `M${points.map(([dx, dy]) => `${(x + dx * SIZE).toFixed(1)} ${(y + dy * SIZE).toFixed(1)}`).join('L')}Z`;
  switch (place % 5) {
    case 0:
      return `M${(x - SIZE).toFixed(1)} ${y}a${SIZE} ${SIZE} 0 1 0 ${2 * SIZE} 0a${SIZE} ${SIZE} 0 1 0 ${-2 * SIZE} 0Z`;
    case 1:
      return corners([
        [-0.9, -0.9],
        [0.9, -0.9],
        [0.9, 0.9],
        [-0.9, 0.9],
      ]);
    case 2:
      return corners([
        [0, -1.2],
        [1.1, 0.8],
        [-1.1, 0.8],
      ]);
    case 3:
      return corners([
        [0, -1.3],
        [1.3, 0],
        [0, 1.3],
        [-1.3, 0],
      ]);
    default:
      return corners([
        [0, 1.2],
        [1.1, -0.8],
        [-1.1, -0.8],
      ]);
  }
}
