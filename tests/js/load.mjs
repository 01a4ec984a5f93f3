// Load a module of Rolf as a page does: by its name below /static/, imports included.

import {existsSync, readdirSync, readFileSync} from "node:fs";
import path from "node:path";
import {fileURLToPath} from "node:url";

const ROLF = fileURLToPath(new URL("../../rolf/", import.meta.url));

export const load = (name) => import(address(name));

// Node takes a file for CommonJS unless a package.json says otherwise, and the applications' static
// directories are one directory only in the browser. So each module becomes a data: address.
function address(name) {
  const source = readFileSync(find(name), "utf8").replace(
    /^(import .* from )"(\..*)";$/gm,
    (_, words, to) => `${words}"${address(path.posix.join(path.posix.dirname(name), to))}";`);
  return `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`;
}

function find(name) {
  const files = readdirSync(ROLF).map((application) => path.join(ROLF, application, "static", name));
  const file = files.find(existsSync);
  if (!file) throw new Error(`no application has the static file ${name}`);
  return file;
}
