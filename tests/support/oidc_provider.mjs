// A strict provider of OpenID Connect: npm's oidc-provider, certified, with PKCE required.
// node oidc_provider.mjs PORT PEOPLE REDIRECT; PEOPLE is a JSON file of claims by subject.

import { readFileSync } from "node:fs";
import { Provider } from "oidc-provider";

const [port, file, redirect] = process.argv.slice(2);
const people = () => JSON.parse(readFileSync(file, "utf-8"));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "rolf",
      client_secret: "the-secret-of-the-client",
      redirect_uris: [redirect],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    },
  ],
  claims: {
    openid: ["sub"],
    profile: ["name", "preferred_username"],
    email: ["email"],
    groups: ["groups"],
  },
  scopes: ["openid", "offline_access", "profile", "email", "groups"],
  pkce: { required: () => true },
  rotateRefreshToken: true,
  cookies: { keys: ["of a test"] },
  findAccount: (_, subject) => {
    const claims = people()[subject];
    return claims && { accountId: subject, claims: () => ({ sub: subject, ...claims }) };
  },
});

provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
