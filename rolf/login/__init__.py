"""Login: by a password of Rolf or by the institution's central login, with its groups."""
