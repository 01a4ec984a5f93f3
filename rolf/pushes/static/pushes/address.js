// Addresses of a push and of the lines of its log. There lines count from 1, as in editors; everywhere
// else from 0.

// The line that `#L12` names, null for none.
export function lineOf(hash) {
  const named = /^#L(\d+)$/.exec(hash);
  return named ? Math.max(0, Number(named[1]) - 1) : null;
}

export function hashOf(line) {
  return `#L${line + 1}`;
}

// The path of a push's page once its address is another one: a push gets its number when it begins.
export function pathOf(path, address) {
  return path.replace(/[^/]+\/$/, `${address}/`);
}

// A link's address when what it begins with has become another path.
export function moved(href, before, after) {
  return href.startsWith(before) ? after + href.slice(before.length) : href;
}
