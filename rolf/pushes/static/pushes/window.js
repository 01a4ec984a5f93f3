// Which lines of the log are in the page, which to fetch, and which to remove.
//
// Lines count from 0. A window is {first, end, total}: the page has the lines from `first` up to but
// not including `end`, the log has `total`.

export const STEP = 200;  // lines that are fetched at once
export const MOST = 800;  // lines in the page
const NEAR = 600;  // pixels from an end of the page's lines at which more are fetched
const AWAY = 40;  // pixels above the end from which on the reader has scrolled away from it
const THERE = 4;  // pixels above the end that still are the end

// What to do with news that replace the lines from `first` on: "put" them in, "restart" the window
// with them, or "ignore" them.
export function arrival(window, following, first) {
  if (first === null) return "ignore";
  const joins = first >= window.first && first <= window.end;
  if (following) return joins ? "put" : "restart";
  return joins && window.end - window.first < MOST ? "put" : "ignore";
}

// The lines [first, end) that stay when the page follows the end of the log.
export function newest({first, total}) {
  return [Math.max(first, total - MOST), total];
}

export function holds({first, end}, line) {
  return line >= first && line < end;
}

export function nearest(line, total) {
  return Math.max(0, Math.min(line, total - 1));
}

// The lines to fetch: those around a line, the last ones, or those after (1) or before (-1) a window.
export function around(line) {
  return {first: Math.max(0, line - STEP / 2), count: STEP};
}

export function last(total) {
  return {first: Math.max(0, total - STEP), count: STEP + 1};  // and the open line
}

export function beyond({first, end}, way) {
  if (way > 0) return {first: end, count: STEP};
  const from = Math.max(0, first - STEP);
  return {first: from, count: first - from};
}

// The lines [first, end) that stay when the window has grown that way.
export function kept({first, end}, way) {
  return way > 0 ? [Math.max(first, end - MOST), end] : [first, Math.min(end, first + MOST)];
}

// Which way to grow, with so many pixels of the page's lines above and below what is on the screen:
// -1 or 1, or 0 for neither.
export function growth({first, end, total}, above, below) {
  if (above < NEAR && first > 0) return -1;
  return below < NEAR && end < total ? 1 : 0;
}

// Whether the page follows the end of the log after the reader has scrolled `by` pixels.
export function follows({end, total}, following, by, below) {
  if (following) return by >= 0 || below <= AWAY;
  // A line near the end that the page jumped to stays on the screen: only scrolling counts.
  return by > 0 && below < THERE && end >= total;
}
