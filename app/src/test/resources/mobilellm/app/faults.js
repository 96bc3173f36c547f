// Tells each fault that a reader of this page would meet, in one sentence.
const TOLERANCE = 1;
const COLOURS = [
  'color', 'backgroundColor', 'fill', 'stroke',
  'borderTopColor', 'borderRightColor', 'borderBottomColor', 'borderLeftColor',
];
const faults = [];

function overlap(a, b) {
  return Math.min(a.right, b.right) - Math.max(a.left, b.left) > TOLERANCE
      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > TOLERANCE;
}

function isWithin(inner, outer) {
  return inner.left >= outer.left - TOLERANCE && inner.right <= outer.right + TOLERANCE
      && inner.top >= outer.top - TOLERANCE && inner.bottom <= outer.bottom + TOLERANCE;
}

function isGrey(colour) {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return colour === 'none' || colour.startsWith('rgb') && red === green && green === blue;
}

function lookAtPlot(plot) {
  const name = plot.getAttribute('aria-label') ?? 'a bar';
  const place = plot.getBoundingClientRect();
  const isVisible = plot.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  if (!isVisible || place.width === 0 || place.height === 0) {
    faults.push(`${name} is not to be seen`);
  }
  const texts = [...plot.querySelectorAll('text')].filter(text => text.textContent !== '');
  texts.forEach((text, index) => {
    const box = text.getBoundingClientRect();
    if (!isWithin(box, place)) {
      faults.push(`${name}: '${text.textContent}' leaves the plot`);
    }
    for (const other of texts.slice(index + 1)) {
      if (overlap(box, other.getBoundingClientRect())) {
        faults.push(`${name}: '${text.textContent}' lies over '${other.textContent}'`);
      }
    }
  });
}

document.querySelectorAll('details').forEach(details => { details.open = true; });
const page = document.documentElement;
if (page.scrollWidth > page.clientWidth) {
  faults.push(`the page is ${page.scrollWidth} wide and the window ${page.clientWidth}`);
}
for (const resource of performance.getEntriesByType('resource')) {
  faults.push(`the page loads ${resource.name}`);
}
for (const element of document.querySelectorAll('*')) {
  const style = getComputedStyle(element);
  for (const kind of COLOURS.filter(kind => !isGrey(style[kind]))) {
    faults.push(`${kind} of ${element.tagName} is ${style[kind]}`);
  }
}
document.querySelectorAll('svg').forEach(lookAtPlot);
return faults;
