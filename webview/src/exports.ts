// Charts and pages as files that stand alone: styles, which the editor's theme decides, are written into them as they are now.

/** What of a style draws a shape or a text. */
const drawn = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity', 'font-size', 'font-family'];

/** A chart as an SVG file, on the page's background. */
export function standaloneSvg(chart: SVGSVGElement): string {
  const copy = chart.cloneNode(true);
  if (!(copy instanceof SVGSVGElement)) return '';
  const copies = copy.querySelectorAll('*');
  chart.querySelectorAll('*').forEach((element, index) => {
    const style = getComputedStyle(element);
    for (const name of drawn) copies[index]?.setAttribute(name, style.getPropertyValue(name));
    copies[index]?.removeAttribute('class');
  });
  const { width, height } = chart.getBoundingClientRect();
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('viewBox', `0 0 ${String(width)} ${String(height)}`);
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  ground.setAttribute('width', '100%');
  ground.setAttribute('height', '100%');
  ground.setAttribute('fill', getComputedStyle(document.body).backgroundColor);
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

/** Dots a pixel of the page, so that a picture can be printed. */
const density = 2;

/** The same as a PNG file in base64. */
export async function pngOf(chart: SVGSVGElement): Promise<string> {
  const { width, height } = chart.getBoundingClientRect();
  const image = new Image(width, height);
  image.src = `data:image/svg+xml,${encodeURIComponent(standaloneSvg(chart))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = density * width;
  canvas.height = density * height;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png').replace(/^.*,/, '');
}

export interface StandalonePage {
  /** Its HTML, without what can only be pressed in the editor. */
  readonly body: string;
  /** The theme's colours and fonts by the names that the style sheet has for them. */
  readonly colors: Readonly<Record<string, string>>;
}

/** The page as it stands, for a file. */
export function standalonePage(main: Element): StandalonePage {
  const copy = main.cloneNode(true);
  if (!(copy instanceof Element)) return { body: '', colors: {} };
  for (const dead of copy.querySelectorAll('.actions, .export, [role="status"]')) dead.remove();
  for (const button of copy.querySelectorAll('button')) button.replaceWith(button.textContent);
  for (const details of copy.querySelectorAll('details')) details.setAttribute('open', '');
  const { style } = document.documentElement;
  const names = Array.from({ length: style.length }, (_, index) => style.item(index));
  const colors: Record<string, string> = {};
  for (const name of names) if (name.startsWith('--vscode-')) colors[name] = style.getPropertyValue(name);
  return { body: copy.outerHTML, colors };
}
