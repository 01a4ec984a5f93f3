// After a form was refused, move the focus to the first field with an error.

document.querySelector("[aria-invalid=true]")?.focus();
