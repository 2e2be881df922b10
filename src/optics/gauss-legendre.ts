/** Points in [-1, 1] and weights of Gauss-Legendre quadrature with `count` nodes (Newton on the recurrence). */
export function gaussLegendre(count: number): { points: Float64Array; weights: Float64Array } {
  const points = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let derivative = 0;
    for (let iteration = 0; iteration < 100; iteration++) {
      let previous = 1;
      let value = x;
      for (let n = 2; n <= count; n++) {
        [previous, value] = [value, ((2 * n - 1) * x * value - (n - 1) * previous) / n];
      }
      derivative = (count * (x * value - previous)) / (x * x - 1);
      const step = value / derivative;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    points[i] = x;
    weights[i] = 2 / ((1 - x * x) * derivative * derivative);
  }
  return { points, weights };
}
