import uPlot from 'uplot';
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue';
import { useSize } from '../../composables/use-size.ts';
import { dark } from '../../theme.ts';
import { drawn, restless } from './decimate.ts';
import type { PlotLine } from './plot-lines.ts';
import { plotOptions, strokeOf, type PlotLook } from './plot-options.ts';
import { zoomed, panned, type View } from './view.ts';

export interface PlotInput {
  lines: () => readonly PlotLine[];
  look: () => Omit<PlotLook, 'width'>;
  /** The pointer asks for another part of the axis; null = all of it. */
  seek: (view: View | null) => void;
}

/**
 * One plot in an element. It is made anew when its lines or its look change, and only fed when their values do, once for each frame
 * at most.
 */
export function usePlot(element: Ref<HTMLElement | null>, { lines, look, seek }: PlotInput) {
  const { width } = useSize(element);
  /** x under the pointer or the keyboard's cursor; null where there is none. */
  const cursor = shallowRef<number | null>(null);
  let plot: uPlot | null = null;
  let shape = '';
  let frame = 0;

  const shapeOf = (): string => {
    const { log, zeroLine, group } = look();
    const each = lines().map(({ series: { id, place, token, dash, dots }, faint }) => [
      id,
      place,
      token,
      dash,
      dots,
      faint,
    ]);
    return JSON.stringify([each, log, zeroLine, group, dark.value]);
  };

  function data(): { all: uPlot.AlignedData; noise: boolean[] } {
    const { from, to } = look().view();
    const { x, values } = drawn(
      lines().map(({ series }) => series.curve),
      from,
      to,
      Math.max(50, width.value - 60),
    );
    return { all: [x, ...values] as uPlot.AlignedData, noise: values.map(restless) };
  }

  function draw(): void {
    frame = 0;
    if (!element.value || width.value === 0) return;
    const size = { width: width.value, height: look().height };
    const now = shapeOf();
    const { all, noise } = data();
    if (plot && shape === now) {
      if (plot.width !== size.width || plot.height !== size.height) plot.setSize(size);
      lines().forEach((each, i) => {
        const line = plot!.series[i + 1]!;
        if (line.show !== each.shown) plot!.setSeries(i + 1, { show: each.shown });
        Object.assign(line, strokeOf({ ...each, restless: noise[i] }));
      });
      plot.setData(all);
      return;
    }
    plot?.destroy();
    shape = now;
    // The look is asked for anew whenever the plot draws: marks, view and writing change without a new plot.
    const live: PlotLook = {
      ...look(),
      ...size,
      view: () => look().view(),
      marks: () => look().marks(),
      writeX: (x) => look().writeX(x),
      writeY: (y) => look().writeY(y),
    };
    const known = lines().map((line, i) => ({ ...line, restless: noise[i] }));
    plot = new uPlot(plotOptions(known, live, { setSelect: [select], setCursor: [moved] }), all, element.value);
    listen(plot.over);
  }

  const request = (): void => void (frame ||= requestAnimationFrame(draw));
  watch([width, lines, () => ({ ...look(), seen: look().view() }), dark], request, { immediate: true });
  onScopeDispose(() => {
    cancelAnimationFrame(frame);
    plot?.destroy();
  });

  function select({ select: { left, width }, posToVal }: uPlot): void {
    if (width < 4) return;
    seek({ from: posToVal(left, 'x'), to: posToVal(left + width, 'x') });
    plot?.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  function moved(now: uPlot): void {
    const { left } = now.cursor;
    cursor.value = left === undefined || left === null || left < 0 ? null : now.posToVal(left, 'x');
  }

  function listen(over: HTMLElement): void {
    over.addEventListener('dblclick', () => seek(null));
    over.addEventListener('wheel', wheel, { passive: false });
    over.addEventListener('pointerdown', grab, { capture: true });
    over.addEventListener('mousedown', (event) => panning(event) && event.stopImmediatePropagation(), {
      capture: true,
    });
  }

  /** The wheel belongs to the page until the chart is in use: with Ctrl, or when the chart has the focus. */
  function wheel(event: WheelEvent): void {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!sideways && !event.ctrlKey && !event.metaKey && !element.value?.contains(document.activeElement)) return;
    event.preventDefault();
    const view = look().view();
    if (sideways) seek(panned(view, event.deltaX / 800));
    else seek(zoomed(view, Math.exp(event.deltaY / 400), plot!.posToVal(event.offsetX, 'x')));
  }

  const panning = (event: MouseEvent): boolean => event.button === 1 || (event.button === 0 && event.shiftKey);

  function grab(event: PointerEvent): void {
    if (!panning(event)) return;
    event.preventDefault();
    const over = event.currentTarget as HTMLElement;
    const start = look().view();
    const move = (to: PointerEvent): void => seek(panned(start, (event.clientX - to.clientX) / over.clientWidth));
    over.setPointerCapture(event.pointerId);
    over.addEventListener('pointermove', move);
    over.addEventListener('pointerup', () => over.removeEventListener('pointermove', move), { once: true });
  }

  /** Puts the cursor at an x, as the pointer would. */
  function point(x: number): void {
    plot?.setCursor({ left: plot.valToPos(x, 'x'), top: plot.over.clientHeight / 2 });
  }

  return { cursor, point };
}
