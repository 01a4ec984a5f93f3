// Forms with `data-passkey`: ask the browser for a passkey, and send its answer with the form.

const OPERATIONS = {
  create: (options) =>
    navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
    }),
  get: (options) =>
    navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    }),
};

function show(form, text) {
  const alert = form.querySelector("[role=alert]");
  alert.textContent = text;
  alert.hidden = !text;
}

async function ask(form) {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  const type = answer.headers.get("Content-Type") ?? "";
  if (!answer.ok || !type.startsWith("application/json")) {
    // The session has ended, or Rolf asks for the password first: the page says so.
    location.reload();
    return null;
  }
  return OPERATIONS[form.dataset.passkey](await answer.json());
}

async function submit(event) {
  const form = event.currentTarget;
  event.preventDefault();
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    show(form, "This browser has no passkeys here. They need https, and a browser of 2025 or later.");
    return;
  }
  show(form, "");
  try {
    const credential = await ask(form);
    if (credential) {
      form.elements.namedItem("credential").value = JSON.stringify(credential);
      form.submit();
    }
  } catch (error) {
    const known = error.name === "InvalidStateError";
    show(form, known ? "This passkey is there already." : "The browser gave no passkey. Try again.");
  }
}

// Without this script the browser would send the form without a passkey, and show the options that
// the server answers. So its button is disabled until the script has come.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", submit);
  form.querySelector("button").disabled = false;
}
