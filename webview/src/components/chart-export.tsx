// The buttons that keep a chart as a file.

import type { RefObject } from 'preact';
import { pngOf, standaloneSvg } from '../exports.ts';
import type { Post } from '../host.ts';

export interface ChartExportProperties {
  /** What the file is named after. */
  readonly name: string;
  readonly chart: RefObject<SVGSVGElement | null>;
  readonly post: Post;
}

export function ChartExport({ name, chart, post }: ChartExportProperties) {
  const save = async (format: 'svg' | 'png'): Promise<void> => {
    const { current } = chart;
    if (current === null) return;
    const content = format === 'svg' ? standaloneSvg(current) : await pngOf(current);
    post({ kind: 'save-chart', name, format, content });
  };
  return (
    <span class="export" role="group" aria-label={`Keep ${name} as a file`}>
      <button type="button" class="link" onClick={() => void save('svg')}>
        SVG
      </button>{' '}
      <button type="button" class="link" onClick={() => void save('png')}>
        PNG
      </button>
    </span>
  );
}

/** The button that keeps the whole page as one HTML file. */
export function PageExport({ keep }: { readonly keep: () => void }) {
  return (
    <button type="button" title="Keeps what stands here as one HTML file, without the buttons" onClick={keep}>
      Save as HTML…
    </button>
  );
}
