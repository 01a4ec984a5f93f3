// After a form that was refused, the reader is where something has to be corrected.

document.querySelector("[aria-invalid=true]")?.focus();
