// Search the whole log. The server finds the line, and the page shows it.

export function find(page, log) {
  const form = page.querySelector(".find");
  const words = form.querySelector("input");
  const hit = page.querySelector("#hit");
  const back = form.querySelector("[data-back]");
  back.hidden = false;
  let last = null;

  async function ask(from, upwards) {
    const asked = new URLSearchParams({q: words.value, from});
    if (upwards) asked.set("back", "");
    const answer = await fetch(`${page.dataset.search}?${asked}`);
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.fault);
    return found.line;
  }

  async function search(upwards) {
    if (!words.value) return;
    hit.textContent = "searching …";
    const here = last === null ? Number(log.topmost()) : last + (upwards ? -1 : 1);
    let line, text;
    try {
      ({line, text} = await next(ask, here, log.total, upwards));
    } catch (error) {
      hit.textContent = error.message;
      return;
    }
    hit.textContent = text;
    if (line === null) return;
    last = line;
    await log.show(line);
    mark(log.item(line), words.value);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search(false);
  });
  back.addEventListener("click", () => search(true));
  words.addEventListener("input", () => {
    last = null;
    hit.textContent = "";
  });
  // The browser's Ctrl+F finds only lines that are in the page. The key / searches the whole log.
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, select")) {
      event.preventDefault();
      words.focus();
    }
  });
}

// Find the next line with the words, from line `here` on. Return it with a message for the user.
// `ask(from, upwards)` searches from a line to the end of the log, or to its beginning. If it finds
// nothing, the search continues at the other end.
export async function next(ask, here, total, upwards) {
  const within = (from) => (from >= 0 && from < total ? ask(from, upwards) : null);
  const line = await within(here);
  if (line !== null) return {line, text: `line ${line + 1}`};
  const other = await within(upwards ? total - 1 : 0);
  if (other === null) return {line: null, text: "not found"};
  return {line: other, text: `line ${other + 1}, from the ${upwards ? "end" : "top"}`};
}

// Highlight the words in a line, with the browser's highlight API. The line itself does not change.
function mark(item, words) {
  if (!item || !("highlights" in CSS)) return;
  const wanted = words.toLowerCase();
  const walk = document.createTreeWalker(item.querySelector("code"), NodeFilter.SHOW_TEXT);
  const ranges = [];
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const at = node.data.toLowerCase().indexOf(wanted);
    if (at < 0) continue;
    const range = new Range();
    range.setStart(node, at);
    range.setEnd(node, at + wanted.length);
    ranges.push(range);
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}
