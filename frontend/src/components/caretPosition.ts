const COPIED = [
  'boxSizing',
  'width',
  'paddingTop',
  'paddingRight',
  'paddingBottom',
  'paddingLeft',
  'borderWidth',
  'fontFamily',
  'fontSize',
  'fontWeight',
  'letterSpacing',
  'lineHeight',
] as const;

export interface CaretPosition {
  left: number;
  /** Lower edge of the line. */
  top: number;
}

/** Where a character of a text area is drawn, in pixels from the area's corner: found on a hidden twin of the area. */
export function caretPosition(area: HTMLTextAreaElement, offset: number): CaretPosition {
  const twin = document.createElement('div');
  const style = window.getComputedStyle(area);
  COPIED.forEach((property) => (twin.style[property] = style[property]));
  Object.assign(twin.style, {
    position: 'absolute',
    visibility: 'hidden',
    whiteSpace: 'pre-wrap',
    top: '0',
    left: '0',
  });
  twin.style.wordBreak = 'break-word';
  twin.textContent = area.value.slice(0, offset);
  const marker = document.createElement('span');
  marker.textContent = '.';
  twin.append(marker);
  document.body.append(twin);
  const position = { left: marker.offsetLeft, top: marker.offsetTop + marker.offsetHeight - area.scrollTop };
  twin.remove();
  return position;
}
