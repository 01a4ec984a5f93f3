// Reorder stages by dragging, or with Alt and an arrow key; the form saves the order.

const list = document.querySelector("[data-order]");
const form = document.getElementById("order-form");
const moved = document.getElementById("moved");

function save() {
  const data = new FormData(form);
  for (const item of list.children) data.append("order", item.dataset.key);
  // A response that is not read to its end keeps its connection busy.
  return fetch(list.dataset.order, {method: "POST", body: data}).then(
    (answer) => answer.ok ? answer.text() : location.reload(), () => location.reload());
}

function settle(item, before) {
  list.insertBefore(item, before);
  const items = [...list.children];
  for (const [place, one] of items.entries()) {
    const [up, down] = one.querySelectorAll("[name=by]");
    up.disabled = place === 0;
    down.disabled = place === items.length - 1;
  }
  const name = item.querySelector("strong").textContent;
  moved.textContent = `${name} is number ${items.indexOf(item) + 1} of ${items.length} now`;
}

function move(item, way) {
  const other = way < 0 ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  settle(item, way < 0 ? other : other.nextElementSibling);
  save();
}

function drag(item) {
  item.draggable = true;
  item.addEventListener("dragstart", (event) => {
    item.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", item.dataset.key);
  });
  item.addEventListener("dragend", () => {
    item.classList.remove("dragged");
    save();
  });
}

if (list) {
  document.querySelector("[data-dragging]").hidden = false;
  [...list.children].forEach(drag);
  list.addEventListener("dragover", (event) => {
    const dragged = list.querySelector(".dragged");
    const over = event.target.closest("li");
    if (!dragged) return;
    event.preventDefault();
    if (!over || over === dragged) return;
    const {top, height} = over.getBoundingClientRect();
    const after = event.clientY > top + height / 2;
    settle(dragged, after ? over.nextElementSibling : over);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("keydown", (event) => {
    const way = {ArrowUp: -1, ArrowDown: 1}[event.key];
    if (!way || !event.altKey) return;
    event.preventDefault();
    const item = event.target.closest("li");
    const focused = document.activeElement;
    move(item, way);
    focused.focus();
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[name=by]");
    if (!button) return;
    event.preventDefault();
    move(button.closest("li"), Number(button.value));
    button.disabled ? button.closest("li").querySelector("a").focus() : button.focus();
  });
}
