// An editor over a text: line numbers, highlighting, the keyboard's way out. The text itself is
// what the form sends, and what is there without this script.

const dark = matchMedia("(prefers-color-scheme: dark)");
const modes = {shell: "ace/mode/sh", python: "ace/mode/python"};

function theme(editor) {
  editor.setTheme(dark.matches ? "ace/theme/github_dark" : "ace/theme/github_light_default");
}

function edit(text) {
  const box = document.createElement("div");
  box.className = "editor";
  text.after(box);
  const editor = ace.edit(box, {
    value: text.value, minLines: 8, maxLines: 36, showPrintMargin: false, tabSize: 4,
    useSoftTabs: true, useWorker: false, enableKeyboardAccessibility: true,
    fontFamily: getComputedStyle(text).fontFamily, fontSize: getComputedStyle(text).fontSize,
  });
  const language = text.form.querySelector("[name=language]");
  const recipe = text.form.querySelector("[name=recipe]");
  const label = document.querySelector(`label[for="${text.id}"]`);
  const input = editor.textInput.getElement();
  text.hidden = true;
  input.setAttribute("aria-label", `${label?.textContent ?? "Code"}: Escape leaves the editor`);
  label?.addEventListener("click", () => editor.focus());
  editor.session.on("change", () => { text.value = editor.getValue(); });
  const mode = () => editor.session.setMode(modes[language?.value] ?? modes.shell);
  language?.addEventListener("change", mode);
  mode();
  theme(editor);
  dark.addEventListener("change", () => theme(editor));
  // Where a recipe is chosen there is no code of one's own.
  const own = () => {
    const field = text.closest(".field");
    field.hidden = Boolean(recipe?.value);
    if (language && recipe) language.closest(".field").hidden = Boolean(recipe.value);
    editor.resize();
  };
  recipe?.addEventListener("change", own);
  own();
  // As main/faults.js does, which finds the text hidden.
  if (text.ariaInvalid === "true" && document.activeElement === document.body) editor.focus();
}

ace.config.set("useStrictCSP", true);
for (const text of document.querySelectorAll("textarea[data-editor]")) edit(text);
