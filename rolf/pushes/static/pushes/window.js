// Decide which lines of the log to fetch and which to remove from the page.
//
// Lines count from 0. A window is {first, end, total}: the page has the lines [first, end), and the
// log has `total` lines.

export const STEP = 200;  // lines in one request
export const MOST = 800;  // lines in the page
const NEAR = 600;  // pixels between the screen and an end of the page's lines, below which more are fetched
const AWAY = 40;  // pixels above the end; further up, the page no longer follows the end
const THERE = 4;  // pixels above the end that still count as the end

// Return what to do with changes that replace the lines from `first` on: "put" them in, "restart" the
// window with them, or "ignore" them.
export function arrival(window, following, first) {
  if (first === null) return "ignore";
  const joins = first >= window.first && first <= window.end;
  if (following) return joins ? "put" : "restart";
  return joins && window.end - window.first < MOST ? "put" : "ignore";
}

// Return which lines [first, end) stay when the page follows the end of the log.
export function newest({first, total}) {
  return [Math.max(first, total - MOST), total];
}

export function holds({first, end}, line) {
  return line >= first && line < end;
}

export function nearest(line, total) {
  return Math.max(0, Math.min(line, total - 1));
}

// Return which lines to fetch: around a line, the last ones, or after (1) or before (-1) a window.
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

// Return which lines [first, end) stay after the window has grown that way.
export function kept({first, end}, way) {
  return way > 0 ? [Math.max(first, end - MOST), end] : [first, Math.min(end, first + MOST)];
}

// Return which way the window must grow: -1, 1, or 0 for neither. `above` and `below` are the pixels of
// lines outside of the screen.
export function growth({first, end, total}, above, below) {
  if (above < NEAR && first > 0) return -1;
  return below < NEAR && end < total ? 1 : 0;
}

// Return whether the page follows the end of the log after the user has scrolled `by` pixels.
export function follows({end, total}, following, by, below) {
  if (following) return by >= 0 || below <= AWAY;
  // After a jump to a line near the end, that line stays on the screen. Only scrolling counts.
  return by > 0 && below < THERE && end >= total;
}
