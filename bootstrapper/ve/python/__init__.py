"""Python interpreters: their facts, wheel tags and bytecode."""
