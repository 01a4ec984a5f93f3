// URLs of a push and of the lines of its log. In URLs lines count from 1, as in editors; everywhere
// else they count from 0.

// Return the line that a hash such as `#L12` names, or null.
export function lineOf(hash) {
  const named = /^#L(\d+)$/.exec(hash);
  return named ? Math.max(0, Number(named[1]) - 1) : null;
}

export function hashOf(line) {
  return `#L${line + 1}`;
}

// Return the path of a push's page with another address: a push gets its number when it begins.
export function pathOf(path, address) {
  return path.replace(/[^/]+\/$/, `${address}/`);
}

// Return the URL of a link after the path that it begins with has changed.
export function moved(href, before, after) {
  return href.startsWith(before) ? after + href.slice(before.length) : href;
}
