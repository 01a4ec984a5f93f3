"""Python interpreters: their facts, tags and bytecode."""
